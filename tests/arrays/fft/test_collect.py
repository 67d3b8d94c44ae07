"""The collector's account."""

from pathlib import Path

import numpy as np

from concli.arrays.fft.collect import Collector, Failure, Slot
from concli.arrays.fft.digest import combined
from concli.arrays.fft.stack import Stack


def slot(number: int, error: str = "") -> Slot:
    one = Slot(np.empty(0, np.uint8), np.full((2, 2), float(number)))
    one.begin(number)
    one.values, one.error, one.digest = np.zeros((2, 2)), error, f"d{number}"
    return one


def test_results_come_to_their_places_and_failures_are_nan(tmp_path: Path) -> None:
    stack = Stack(str(tmp_path / "a.npy"), 3, (2, 2), np.dtype(float))
    stack.begin({}, resume=False)
    told: list[Failure] = []
    collector = Collector(stack, lambda n: f"c{n}", told.append, done={}, is_spectrum=False, wants_picture=True)
    assert [collector.collect(slot(2)), collector.collect(slot(0)), collector.collect(slot(1, "bad"))] == [
        True,
        True,
        False,
    ]
    assert collector.shown == (0, [[0, 0], [0, 0]])
    assert collector.sync_now_and_then() == 0  # it is little, and was not long ago
    assert collector.sync() == 2
    assert collector.sync() == 0
    assert set(stack.journal.read({})) == {0, 2}
    stack.commit()
    assert np.array_equal(np.load(tmp_path / "a.npy")[:, 0, 0], [0, np.nan, 2], equal_nan=True)
    assert told == collector.failures == [Failure(1, "c1", "bad")]
    assert collector.checksum() == combined([(0, "d0"), (2, "d2")])
    assert (collector.done, collector.bytes_in, collector.bytes_out) == (2, 64, 64)


def test_chunks_that_were_there_count_for_the_checksum() -> None:
    collector = Collector(None, str, lambda _: None, done={1: "d1"}, is_spectrum=False, wants_picture=False)
    collector.collect(slot(0))
    assert (collector.done, collector.resumed, collector.sync()) == (1, 1, 0)
    assert collector.checksum() == combined([(0, "d0"), (1, "d1")])
