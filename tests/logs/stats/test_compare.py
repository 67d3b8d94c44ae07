"""What is said to differ differs."""

from typing import Any

from concli.logs.stats.collector import Collector
from concli.logs.stats.compare import changes, comparison
from concli.logs.stats.frequent import Frequent
from concli.logs.stats.summary import Summary
from tests.logs.stats.rows import Row, scan_of


def counts(**of: int) -> Frequent[str]:
    made: Frequent[str] = Frequent(100)
    made.add(of)
    return made


def kinds(this: Frequent[str], other: Frequent[str]) -> dict[str, tuple[str, bool]]:
    return {change.name: (change.kind, change.sure) for change in changes(this, other)}


def test_shares_are_compared_and_not_counts() -> None:
    assert kinds(counts(a=900, b=100), counts(a=9000, b=1000)) == {}


def test_twice_as_much_is_said_only_if_chance_is_unlikely() -> None:
    assert kinds(counts(a=990, b=10), counts(a=995, b=5)) == {}
    assert kinds(counts(a=99_000, b=1000), counts(a=99_500, b=500))["b"] == ("more", True)
    assert kinds(counts(a=99_500, b=500), counts(a=99_000, b=1000))["b"] == ("less", True)


def test_new_and_gone_say_whether_they_may_be_chance() -> None:
    found = kinds(counts(a=1000, b=100, c=1), counts(a=1000, d=100))
    assert found == {"b": ("new", True), "c": ("new", False), "d": ("gone", True)}


def test_what_was_let_go_of_is_not_surely_new() -> None:
    other: Frequent[str] = Frequent(1)
    other.add({"a": 1000, "x": 90, "y": 90})
    assert other.error == 90
    assert kinds(counts(a=1000, b=100), other)["b"] == ("new", False)


def test_an_empty_log_has_nothing_to_compare() -> None:
    assert changes(counts(), counts(a=1)) == []


def summary(rows: list[Row]) -> Summary:
    collector = Collector()
    collector.add(*scan_of(rows))
    return collector.finish()


def test_a_comparison_shows_an_example_from_where_it_is() -> None:
    before: list[Row] = [("2026-03-01T10:00:00", "INFO", b"order %d paid" % n) for n in range(100)]
    after: list[Row] = [("2026-03-01T10:00:00", "ERROR", b"out of memory at %d" % n) for n in range(100)]
    found: Any = comparison(summary(after), summary(before))
    assert [(c["name"], c["example"]["text"]) for c in found["new"]] == [
        ("out of memory at <num>", "out of memory at 0")
    ]
    assert [c["example"]["text"] for c in found["gone"]] == ["order 0 paid"]
    assert {(c["name"], c["kind"]) for c in found["levels"]} == {("ERROR", "new"), ("INFO", "gone")}
    assert found["changed"] == {"new": 1, "gone": 1, "more": 0, "less": 0}
