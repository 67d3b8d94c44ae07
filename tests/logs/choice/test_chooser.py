from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from concli.logs.choice.chooser import Chooser
from concli.logs.choice.options import choose
from concli.logs.entries import Entries
from tests.logs.columns import Row, chunk_of, entries_of, rows_of, scan_of

ROWS: list[dict[str, Any]] = [
    {"timestamp": "2026-01-01T10:00:00Z", "level": "INFO", "message": "get /a", "status": 200},
    {"timestamp": "2026-01-01T12:00:00+01:00", "level": "WARNING", "message": "get /b", "status": 404},
    {"timestamp": "2026-01-01T12:00:00.5Z", "level": "ERROR", "message": "put 10.0.0.1", "status": 500, "user": "bob"},
    {"level": "STATEMENT", "message": "select"},
    {"timestamp": "2026-01-01T13:00:00", "message": "at ease"},
]


def chosen(entries: Entries, **options: Any) -> list[int]:
    return np.flatnonzero(Chooser(choose(**options)).mask(scan_of(entries), chunk_of(entries))).tolist()


@pytest.mark.parametrize(
    ("options", "kept"),
    [
        ({}, [0, 1, 2, 3, 4]),
        ({"levels": ["warn", "statement"]}, [1, 3]),
        ({"min_level": "warn"}, [1, 2]),
        ({"levels": ["info", "error"], "min_level": "warn"}, [2]),
        ({"since": "2026-01-01T11:30"}, [1, 2, 4]),
        ({"since": "2026-01-01T11:00Z"}, [1, 2, 4]),
        ({"since": "2026-01-01T12:00Z"}, [2, 4]),
        ({"since": "2026-01-01T10:30", "until": "2026-01-01T12:00"}, []),
        ({"until": "2026-01-01T11:00:00.1Z"}, [0, 1]),
        ({"grep": ["get", "b$"]}, [1]),
        ({"exclude": ["get", "e"]}, [2]),
        ({"grep": ["e"], "exclude": ["/"]}, [3, 4]),
        ({"where": "status >= 400"}, [1, 2]),
        ({"where": "status >= 400", "grep": ["put"], "head": 1}, [2]),
        ({"head": 2}, [0, 1]),
        ({"head": 0}, []),
        ({"head": 2, "dedup": True}, [0, 1, 2, 3, 4]),  # which are repeats is not known yet
    ],
)
def test_entries_are_chosen(options: dict[str, Any], kept: list[int]) -> None:
    assert chosen(entries_of(ROWS), **options) == kept


FILTERS: list[dict[str, Any]] = [
    {"levels": ["info"]}, {"min_level": "warn"}, {"since": "2026-01-01T11:00Z"}, {"until": "2026-01-01T12:00"},
    {"grep": ["e"]}, {"exclude": ["/"]}, {"where": "status > 200"}, {"sample": "50%"},
]  # fmt: skip


@settings(deadline=None)
@given(st.lists(st.sampled_from(ROWS), max_size=12), st.sets(st.integers(0, len(FILTERS) - 1)))
def test_what_all_filters_keep_together_is_what_each_keeps_alone(rows: list[Row], numbers: set[int]) -> None:
    entries = entries_of(rows)
    alone = [set(chosen(entries, **FILTERS[number])) for number in numbers]
    together = chosen(entries, **{name: value for number in numbers for name, value in FILTERS[number].items()})
    assert set(together) == set(range(len(rows))).intersection(*alone)


def test_a_sample_does_not_depend_on_where_chunks_are_cut() -> None:
    rows: list[Row] = [{"message": n} for n in range(1000)]
    chooser = Chooser(choose(sample="10%", seed=5))
    whole = entries_of(rows)
    parts = []
    for first in range(0, 1000, 70):
        part = entries_of(rows[first : first + 70])
        parts += chooser.mask(scan_of(part), chunk_of(part, first_line=first + 1)).tolist()
    assert chooser.mask(scan_of(whole), chunk_of(whole)).tolist() == parts
    assert 60 < sum(parts) < 140


def test_entries_are_shaped() -> None:
    entries = entries_of(ROWS)
    chooser = Chooser(choose(fields="user,level,nothing,status", redact=["ip"]))
    shaped = chooser.shape(entries, np.array([True, False, True, True, False]))
    assert list(shaped.fields) == ["user", "nothing", "status"]
    assert rows_of(shaped) == [
        {"level": b"INFO", "status": b"200"},
        {"level": b"ERROR", "user": b"bob", "status": b"500"},
        {"level": b"STATEMENT"},
    ]
    assert shaped.raw.value(0) == entries.raw.value(0)
    assert chooser.redacted["ip"] == 1
    assert rows_of(Chooser(choose(fields="timestamp")).shape(entries, np.ones(5, bool)))[3:] == [
        {},
        {"timestamp": b"2026-01-01T13:00:00"},
    ]


def test_without_anything_to_shape_entries_stay_as_they_are() -> None:
    entries = entries_of(ROWS)
    assert Chooser(choose()).shape(entries, np.ones(5, bool)) is entries
    assert rows_of(Chooser(choose()).shape(entries, np.zeros(5, bool))) == []


def test_names_that_no_entry_has_can_be_told() -> None:
    choice = choose(where="stauts > 1 or user == 'x'", fields="status,message,q")
    chooser = Chooser(choice)
    for rows in (ROWS[:1], ROWS[1:]):
        entries = entries_of(rows)
        chooser.mask(scan_of(entries), chunk_of(entries))
    assert choice.names - chooser.seen == {"stauts", "q"}


def test_a_chunk_without_entries_is_nothing_to_fail_on() -> None:
    nothing = entries_of([])
    where = "a > 1 and b == '' or c ~ x and d == e or timestamp > now or level == info"
    texts: dict[str, Any] = {"levels": ["a"], "grep": ["a", "b."], "exclude": ["c"], "redact": ["ip,email,token"]}
    chooser = Chooser(choose(**texts, since="now", until="now", sample="1%", head=1, where=where))
    keep = chooser.mask(scan_of(nothing), chunk_of(nothing))
    assert rows_of(chooser.shape(nothing, keep)) == []
