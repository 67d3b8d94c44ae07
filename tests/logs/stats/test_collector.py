"""A collector adds chunks up; several of them give what one gives."""

import json
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from concli.logs.stats.collector import Collector
from concli.logs.stats.result import document
from concli.logs.stats.summary import Summary
from tests.logs.stats.rows import Row, scan_of

ROWS: list[Row] = [
    ("2026-03-01T10:00:00", "INFO", b"order 17 paid"),
    ("2026-03-01T10:00:01", "ERROR", b"payment of order 18 failed\nTraceback:\n  boom 9"),
    ("2026-03-01T10:09:00", "INFO", b"order 19 paid"),
    ("", "", b""),
]


def collected(*chunks: tuple[Any, ...], fields: tuple[str, ...] | None = None) -> dict[str, Any]:
    collector = Collector(fields)
    for chunk in chunks:
        collector.add(*chunk)
    made: dict[str, Any] = json.loads(json.dumps(document(collector.finish())))
    return made


def test_levels_templates_and_times_are_those_of_the_entries() -> None:
    made = collected(scan_of(ROWS))
    assert made["levels"] == {"INFO": 2, "": 1, "ERROR": 1}
    assert [(t["template"], t["count"]) for t in made["templates"]["top"]] == [
        ("order <num> paid", 2),
        ("", 1),
        ("payment of order <num> failed", 1),
    ]
    paid = made["templates"]["top"][0]
    assert (paid["first"], paid["last"]) == ("2026-03-01T10:00:00", "2026-03-01T10:09:00")
    assert paid["example"] == {"file": "app.log", "line": 1, "text": "order 17 paid"}
    assert made["templates"]["top"][1]["first"] is None
    assert made["templates"]["exact"]
    assert made["time"]["untimed"] == 1
    assert made["time"]["gaps"][0] == {"from": "2026-03-01T10:00:01", "to": "2026-03-01T10:09:00", "seconds": 539.0}
    assert sum(bar["errors"] for bar in made["time"]["histogram"]["bars"]) == 1


def test_only_what_is_kept_is_counted_and_the_account_has_the_rest() -> None:
    collector = Collector()
    collector.add(*scan_of(ROWS, rejects=[(b"???", "no level")]), np.array([False, True, False, False]))
    summary = collector.finish()
    assert (summary.lines, summary.entries, summary.filtered, summary.rejected) == (5, 1, 3, 1)
    assert summary.levels.counts == {"ERROR": 1}


def test_rejects_are_by_reason_with_the_first_of_each() -> None:
    rejects = [(b"x\x1b[2J", "no level"), (b"y", "no timestamp"), (b"z", "no level")]
    made = collected(scan_of(ROWS[:1], rejects=rejects), scan_of([], rejects=rejects, number=1))
    assert made["rejects"] == [
        {"reason": "no level", "count": 4, "first": {"file": "app.log", "line": 2, "text": "x\x1b[2J"}},
        {"reason": "no timestamp", "count": 2, "first": {"file": "app.log", "line": 3, "text": "y"}},
    ]


def test_the_values_of_a_field_are_counted_where_it_is_there() -> None:
    fields: dict[str, list[bytes | None]] = {"status": [b"200", b"500", b"200", None], "size": [b"1", b"2", b"3", b"4"]}
    made = collected(scan_of(ROWS, fields=fields))
    assert list(made["fields"]) == ["status"]
    status = made["fields"]["status"]
    assert [(v["value"], v["count"]) for v in status["top"]] == [("200", 2), ("500", 1)]
    assert status["missing"] == 1
    assert list(collected(scan_of(ROWS, fields=fields), fields=("size", "nothing"))["fields"]) == ["size"]


def test_timestamps_with_an_offset_are_told_in_utc() -> None:
    made = collected(scan_of([("2026-03-01T10:00:00+02:00", "INFO", b"x"), ("2026-03-01T08:00:01Z", "INFO", b"x")]))
    assert (made["time"]["zone"], made["time"]["first"]) == ("UTC", "2026-03-01T08:00:00Z")
    mixed = collected(scan_of([("2026-03-01T10:00:00+02:00", "INFO", b"x"), ("2026-03-01T08:00:01", "INFO", b"x")]))
    assert mixed["time"]["zone"] == "mixed"


def test_a_log_without_entries_is_described_too() -> None:
    made = collected(scan_of([], rejects=[(b"x", "no timestamp")]))
    assert (made["entries"], made["time"]["first"], made["templates"]["top"]) == (0, None, [])


row = st.tuples(
    st.sampled_from(["", "2026-03-01T10:00:00", "2026-03-01T10:00:00.5", "2026-03-02T00:00:00", "soon"]),
    st.sampled_from(["", "INFO", "ERROR"]),
    st.sampled_from([b"", b"a 1", b"a 22", b"a\nb", b'"x" 1', b"\xff"]) | st.binary(max_size=9),
)
chunks = st.lists(st.tuples(st.lists(row, max_size=6), st.integers(0, 2)), max_size=6)


@settings(deadline=None)
@given(chunks, st.sampled_from([b"\n", b"", b"--"]))
def test_several_collectors_give_what_one_gives(chunks: list[tuple[list[Row], int]], between: bytes) -> None:
    alone, several, lines = Collector(), [Collector(), Collector(), Collector()], 1
    for number, (rows, who) in enumerate(chunks):
        made = scan_of(rows, number=number, first_line=lines, between=between, rejects=[(b"%d" % number, "odd")])
        lines += len(rows) + 1
        alone.add(*made)
        several[who].add(*made)
    merged = Summary()
    for collector in several:
        merged.merge(collector.finish())
    assert document(merged) == document(alone.finish())
    assert merged.templates.total == merged.entries == sum(len(rows) for rows, _ in chunks)


def test_a_log_in_which_nothing_is_alike_stays_bounded() -> None:
    # Words of letters alone, so that no two have a template in common.
    words = ["".join(chr(ord("g") + int(digit)) for digit in str(n)) for n in range(45_000)]
    collector = Collector()
    for number in range(9):
        part = words[number * 5000 : (number + 1) * 5000]
        collector.add(*scan_of([("2026-03-01T10:00:00", "INFO", word.encode()) for word in part], number=number))
    summary = collector.finish()
    assert len(summary.templates.counts) <= 20_000
    assert len(summary.seen) == len(summary.templates.counts)
    assert summary.templates.total == 45_000
    assert not summary.templates.is_exact
