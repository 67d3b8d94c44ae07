"""The document that a summary becomes."""

import json
from typing import Any

from concli.logs.stats.collector import Collector
from concli.logs.stats.result import document
from tests.logs.stats.rows import Row, scan_of


def test_a_list_has_no_more_than_was_asked_for_and_says_how_much_there_is() -> None:
    rows: list[Row] = [("2026-03-01T10:00:00", "INFO", name.encode()) for name in "aaabbc"]
    collector = Collector(["f"])
    collector.add(*scan_of(rows, fields={"f": [b"x", b"x", b"y", b"z", None, None]}))
    made: Any = json.loads(json.dumps(document(collector.finish(), 1)))
    assert [(row["template"], row["count"], row["share"]) for row in made["templates"]["top"]] == [("a", 3, 0.5)]
    assert {name: made["templates"][name] for name in ("distinct", "other", "exact")} == {
        "distinct": 3,
        "other": 3,
        "exact": True,
    }
    assert [(row["value"], row["count"]) for row in made["fields"]["f"]["top"]] == [("x", 2)]
    assert (made["fields"]["f"]["other"], made["fields"]["f"]["missing"]) == (2, 2)


def test_bursts_come_with_their_rule() -> None:
    rows: list[Row] = [(f"2026-03-01T10:{n:02d}:00", "INFO", b"fine") for n in range(60)]
    rows += [("2026-03-01T10:30:01", "FATAL", b"boom")] * 9
    collector = Collector()
    collector.add(*scan_of(rows))
    made: Any = document(collector.finish())
    histogram = made["time"]["histogram"]
    assert [bar["start"] for bar in histogram["bars"] if bar["burst"]] == ["2026-03-01T10:30:00"]
    assert "median" in histogram["burst_rule"]
