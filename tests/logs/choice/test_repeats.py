from itertools import groupby
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from concli.logs.choice.repeats import REPEATED, Joiner, runs_of
from tests.logs.columns import entries_of, rows_of

ROW = st.fixed_dictionaries(
    {"level": st.sampled_from(["A", "B"]), "message": st.sampled_from(["x", "x", "y"])},
    optional={"user": st.sampled_from(["bob", ""]), "n": st.just(1)},
)


def joined(chunks: list[list[dict[str, Any]]], *, as_suffix: bool = False) -> tuple[list[dict[str, bytes]], Joiner]:
    joiner, done = Joiner(as_suffix=as_suffix), []
    for rows in chunks:
        runs = runs_of(entries_of(rows), as_suffix=as_suffix)
        for entries in joiner.push(runs):
            done += rows_of(entries)
        done += rows_of(runs.middle)
    for entries in joiner.flush():
        done += rows_of(entries)
    return done, joiner


@settings(deadline=None)
@given(st.lists(st.lists(ROW, max_size=6), max_size=4))
def test_repeats_in_a_row_become_one_wherever_chunks_end(chunks: list[list[dict[str, Any]]]) -> None:
    everything = [{**row, "timestamp": n} for n, row in enumerate(row for rows in chunks for row in rows)]
    left = iter(everything)
    expected = []
    for _, group in groupby(everything, key=lambda row: {**row, "timestamp": 0}):
        same = list(group)
        expected.append(rows_of(entries_of([{**same[0], **({REPEATED: len(same)} if len(same) > 1 else {})}]))[0])
    done, joiner = joined([[next(left) for _ in rows] for rows in chunks])
    assert done == expected
    assert (joiner.written, joiner.repeats) == (len(expected), len(everything) - len(expected))
    assert joiner.held == 0


def test_text_says_how_often_behind_the_message() -> None:
    rows = [{"message": message, "level": "A"} for message in ("a", "a", "b", "c\nd", "c\nd", "c\nd", "e", "e")]
    done, _ = joined([rows[:4], rows[4:]], as_suffix=True)
    assert [row["message"] for row in done] == [
        b"a [repeated 2 times]",
        b"b",
        b"c\nd [repeated 3 times]",
        b"e [repeated 2 times]",
    ]


def test_what_is_held_back_outlives_its_chunk() -> None:
    entries = entries_of([{"message": "a", "n": 1}, {"message": "b", "n": 2}])
    joiner = Joiner()
    joiner.push(runs_of(entries))
    assert joiner.held == 1
    buffer = entries.messages.buffer
    assert isinstance(buffer, bytearray)
    buffer[:] = b"?" * len(buffer)
    assert [rows_of(each) for each in joiner.flush()] == [[{"message": b"b", "n": b"2"}]]


@pytest.mark.parametrize("rows", [[], [{"message": "a"}]])
def test_little_is_enough(rows: list[dict[str, Any]]) -> None:
    assert joined([rows, []])[0] == rows_of(entries_of(rows))
