"""Several inputs in one order: what sorting all of them gives."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import accumulate

from hypothesis import given, settings
from hypothesis import strategies as st

from concli.logs.entries import Entries
from concli.logs.output.merge import merge
from tests.logs.output.rows import KINDS, Row, entries_of

_START = datetime.fromisoformat("2026-01-01")
_ZONES = ["", "Z", "+01:00", "-00:30"]


def stamp(minute: int, zone: str) -> bytes:
    local = _START + timedelta(minutes=minute + {"+01:00": 60, "-00:30": -30}.get(zone, 0))
    return (local.isoformat() + zone).encode()


ENTRY = st.tuples(st.none() | st.integers(0, 12), st.sampled_from(_ZONES), st.sampled_from([b"", b"A", b"B", b"C"]))
INPUTS = st.lists(st.lists(st.lists(ENTRY, max_size=6), max_size=5), max_size=4)


def rows_of(entries: Entries) -> list[Row]:
    columns = {"raw": entries.raw, "timestamp": entries.timestamps, "message": entries.messages, **entries.fields}
    rows = []
    for number in range(entries.size):
        row = {name: value for name, column in columns.items() if (value := column.value(number)) is not None}
        if entries.levels[number]:
            row["level"] = entries.names[entries.levels[number]]
        rows.append(row)
    return rows


@settings(deadline=None, max_examples=50)
@given(INPUTS)
def test_it_is_what_sorting_all_gives(drawn: list[list[list[tuple[int | None, str, bytes]]]]) -> None:
    inputs: list[list[list[Row]]] = []
    expected: list[tuple[int, Row]] = []
    for number, blocks in enumerate(drawn):
        made: list[list[Row]] = []
        times: list[int] = []
        for block in blocks:
            made.append([])
            for minute, zone, level in block:
                row: Row = {"message": b"%d.%d" % (number, len(times)), "raw": b"raw %d" % len(times)}
                row |= {f"field{number}": b"x"} if level == b"A" else {}
                row |= {"level": level} if level else {}
                row |= {"timestamp": stamp(minute, zone)} if minute is not None else {}
                made[-1].append(row)
                times.append(-1 if minute is None else minute)
        inputs.append(made)
        all_rows = [row for rows in made for row in rows]
        expected += zip(accumulate(times, max), all_rows, strict=True)
    expected.sort(key=lambda pair: pair[0])
    merged = list(merge([iter([entries_of(rows) for rows in blocks]) for blocks in inputs]))
    assert [row for entries in merged for row in rows_of(entries)] == [row for _, row in expected]


def test_only_one_block_of_each_input_is_held() -> None:
    held = 0

    def source(first: int) -> Iterator[Entries]:
        nonlocal held
        for minute in range(first, 200, 2):
            held += 1
            entries = entries_of([{"timestamp": stamp(minute, ""), "message": b"%d" % minute}])
            yield entries
            # What was lent is taken back as soon as the next is asked for.
            assert isinstance(entries.raw.buffer, bytearray)
            entries.raw.buffer[:] = bytes(len(entries.raw.buffer))
            held -= 1

    got = []
    for entries in merge([source(0), source(1)]):
        assert held <= 2
        got += [int(row["message"]) for row in rows_of(entries)]
    assert got == list(range(200))


def test_more_levels_than_can_be_numbered_are_returned_in_parts() -> None:
    def rows(number: int) -> list[Row]:
        return [{"timestamp": stamp(n, ""), "level": b"%d-%d" % (number, n), "message": b"m"} for n in range(200)]

    merged = list(merge([iter([entries_of(rows(number))]) for number in range(3)]))
    got = [row["level"] for entries in merged for row in rows_of(entries)]
    assert got == [b"%d-%d" % (number, n) for n in range(200) for number in range(3)]


def test_a_field_keeps_its_kind_if_all_agree_on_it() -> None:
    first, second = ({"timestamp": stamp(minute, ""), "number": b"1"} for minute in (1, 0))
    same, _ = merge([iter([entries_of([first], KINDS)]), iter([entries_of([second], KINDS)])])
    other, _ = merge([iter([entries_of([first], KINDS)]), iter([entries_of([second])])])
    assert (same.fields["number"].kind, other.fields["number"].kind) == ("number", "text")


def test_nothing_merges_to_nothing() -> None:
    assert list(merge([])) == []
    assert list(merge([iter([entries_of([])]), iter([])])) == []
