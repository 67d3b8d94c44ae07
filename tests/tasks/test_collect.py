"""Where tasks come out: counted, noted, in their turn."""

import json
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from concli.files import open_output
from concli.patterns import Task, TaskStatus
from concli.tasks.collect import Collector, Failure
from concli.tasks.items import Item
from concli.tasks.joblog import Done, Joblog, digest_of
from concli.tasks.records import SHOWN, record_of
from concli.tasks.writer import Writer

RUN = {"items": "lines"}


def item(number: int, raw: str | None = None) -> Item:
    text = str(number) if raw is None else raw
    return Item(number, text.encode(), text)


def task(one: Item, identity: int | None = None, error: Exception | None = None) -> Task[Item]:
    status = TaskStatus.DONE if error is None else TaskStatus.FAILED
    return Task(one.number if identity is None else identity, one, status, f"result {one.value}", error)


class _Written(Writer):
    """Keeps what it would write."""

    def __init__(self) -> None:
        super().__init__(open_output("/dev/null"), None)
        self.shown: list[int] = []
        self.noted: list[int] = []

    def put(self, shown: bytes, noted: bytes = b"") -> None:
        if shown:
            self.shown.append(json.loads(shown)["id"])
        if noted:
            self.noted.append(json.loads(noted)["record"]["id"])

    def close(self) -> None:
        self._output.abort()


@given(st.permutations(range(12)), st.sets(st.integers(0, 11)), st.booleans())
def test_whatever_the_order_all_come_out_once_and_in_their_turn(
    order: list[int], resumed: set[int], ordered: bool
) -> None:
    import tempfile  # noqa: PLC0415 - a folder for each example

    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "log")
        before = Joblog(path, RUN)
        before.add([Joblog.line(digest_of(item(number)), record_of(task(item(number)))) for number in sorted(resumed)])
        before.close()
        done, writer = Done(path, RUN), _Written()
        collector = Collector(
            writer, SHOWN["record"], ordered=ordered, window=20, notes=True, done=done, shows_resumed=True
        )
        admitted = [number for number in range(12) if collector.admit(item(number))]
        assert set(admitted) == set(range(12)) - resumed
        identities = {number: identity for identity, number in enumerate(admitted)}
        finished = [number for number in order if number in identities]
        for number in finished:
            collector.take(task(item(number), identities[number]))
        collector.finish(12)
        assert writer.noted == finished
        assert writer.shown == [*range(12)] if ordered else sorted(writer.shown) == [*range(12)]
        assert (collector.resumed, collector.out["done"]) == (len(resumed), 12 - len(resumed))
        assert collector.is_each_once(len(admitted))
        done.close()
        writer.close()


def test_a_task_is_noted_at_once_and_shown_in_its_turn() -> None:
    writer = _Written()
    collector = Collector(writer, SHOWN["record"], ordered=True, window=5, notes=True)
    collector.take(task(item(1)))
    assert (writer.shown, writer.noted) == ([], [1])
    collector.take(task(item(0)))
    assert (writer.shown, writer.noted) == ([0, 1], [1, 0])
    collector.take(task(item(3)))  # and 2 never comes: the run was interrupted
    collector.finish(9)
    assert writer.shown == [0, 1, 3]
    writer.close()


def test_another_item_in_the_place_of_one_that_is_done_is_to_be_done(tmp_path: Path) -> None:
    path = str(tmp_path / "log")
    before = Joblog(path, RUN)
    before.add([Joblog.line(digest_of(item(number)), record_of(task(item(number)))) for number in range(3)])
    before.close()
    done, writer = Done(path, RUN), _Written()
    collector = Collector(writer, SHOWN["record"], ordered=True, window=5, done=done, shows_resumed=True)
    assert [collector.admit(one) for one in (item(0), item(1, "changed"), item(2))] == [False, True, False]
    collector.take(task(item(1, "changed"), 0))
    collector.finish(3)
    assert writer.shown == [0, 1, 2]
    done.close()
    writer.close()


def test_no_more_are_held_back_than_there_is_room_for() -> None:
    writer = _Written()
    collector = Collector(writer, SHOWN["record"], ordered=True, window=3)
    assert all(collector.admit(item(number)) for number in range(3))
    collector.take(task(item(2)))
    collector.take(task(item(1)))
    admitted: list[bool | None] = []
    waiting = threading.Thread(target=lambda: admitted.append(collector.admit(item(3))))
    waiting.start()
    assert admitted == []  # two are held back, and the first is at work
    collector.take(task(item(0)))
    waiting.join()
    assert admitted == [True]
    late = threading.Thread(target=lambda: admitted.extend([collector.admit(item(4 + more)) for more in range(9)]))
    late.start()
    collector.close()
    late.join()
    assert admitted[-1] is None
    writer.close()


def test_a_failure_is_told_and_counted() -> None:
    told: list[Failure] = []
    writer = _Written()
    collector = Collector(writer, SHOWN["record"], ordered=False, window=5, on_failure=told.append)
    collector.take(task(item(4), 0, ValueError("no")))
    assert told == collector.failures == [Failure(4, "", "ValueError", "no")]
    assert collector.out == {"done": 0, "failed": 1, "cancelled": 0}
    writer.close()


@pytest.mark.parametrize("identities", [[0, 1, 1], [0, 1], [0, 0, 3], [1, 2, 3]])
def test_a_task_that_is_lost_or_comes_twice_is_found(identities: list[int]) -> None:
    writer = _Written()
    collector = Collector(writer, SHOWN["record"], ordered=False, window=5)
    for identity in identities:
        collector.take(task(item(identity), identity))
    assert not collector.is_each_once(3)
    writer.close()
