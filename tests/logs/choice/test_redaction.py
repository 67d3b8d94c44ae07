import json
from collections import Counter
from unittest import mock

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from concli.logs.choice.redaction import Redactor, _Places
from concli.logs.choice.secrets import parse_rules
from concli.logs.entries import Column
from tests.logs.choice.test_suspicion import VALUE
from tests.logs.columns import Row, column_of, entries_of, rows_of

ROW = st.fixed_dictionaries({"message": VALUE}, optional={"a": VALUE, "b": VALUE, "level": st.just("INFO")})


@settings(deadline=None)
@given(st.lists(ROW, max_size=6), st.sets(st.sampled_from(["ip", "email", "token", "x", "[a-f]{2}"])))
def test_values_with_nothing_to_suspect_are_passed_over_and_the_outcome_is_the_same(
    rows: list[Row], names: set[str]
) -> None:
    rules = parse_rules(names)
    quick, thorough = Redactor(rules), Redactor(rules)
    done = quick.redact(entries_of(rows))
    with mock.patch.object(_Places, "holding", lambda _self, _rule, column: column.starts >= 0):
        expected = thorough.redact(entries_of(rows))
    assert rows_of(done) == rows_of(expected)
    assert [done.raw.value(n) for n in range(len(rows))] == [expected.raw.value(n) for n in range(len(rows))]
    assert +quick.counts == +thorough.counts
    for row, new in zip(rows, rows_of(done), strict=True):
        text = str(row["message"])
        for rule in rules:
            text, _ = rule.hide(text)
        assert new["message"] == text.encode()


def test_messages_lines_and_fields_are_redacted_and_levels_and_timestamps_are_not() -> None:
    redactor = Redactor(parse_rules(["ip,[0-9]{4}"]))
    entries = redactor.redact(
        entries_of([{"timestamp": "2026-01-01", "level": "L2026", "message": "from ::1\n in 2026", "peer": "10.0.0.1"}])
    )
    assert rows_of(entries) == [
        {"timestamp": b"2026-01-01", "level": b"L2026", "message": b"from [ip]\n in [redacted]", "peer": b"[ip]"}
    ]
    assert entries.raw.value(0) == b"[redacted]-01-01 L[redacted] from [ip]\n in [redacted] [ip] "
    assert redactor.counts == Counter(ip=2, redacted=1)


def test_lines_that_nobody_wants_are_left_out_instead_of_redacted() -> None:
    entries = Redactor(parse_rules(["ip"]), keeps_raw=False).redact(entries_of([{"message": "from ::1"}]))
    assert entries.raw.value(0) is None
    assert entries.messages.value(0) == b"from [ip]"


def test_json_stays_json_and_numbers_become_it_if_one_is_hidden() -> None:
    rows: list[Row] = [
        {"nested": '{"mail":"a@b.com","card":1234567812345678}', "card": 1234567812345678},
        {"nested": '["é","x@y.de"]', "card": 12},
        {"nested": "null"},
    ]
    entries = entries_of(rows, {"nested": "json", "card": "number"})
    done = Redactor(parse_rules(["email", "[0-9]{16}"])).redact(entries).fields
    assert [json.loads(done["nested"].value(n) or b"") for n in range(3)] == [
        '{"mail":"[email]","card":[redacted]}',
        ["é", "[email]"],
        None,
    ]
    assert (done["card"].kind, done["card"].value(0), done["card"].value(1)) == ("json", b'"[redacted]"', b"12")


def test_fields_with_the_name_of_a_secret_are_hidden_as_a_whole() -> None:
    entries = entries_of([{"password": "x", "api_key": 12, "user": "bob"}, {"user": "eve"}], {"api_key": "number"})
    redactor = Redactor(parse_rules(["token"]))
    assert rows_of(redactor.redact(entries)) == [
        {"password": b"[token]", "api_key": b'"[token]"', "user": b"bob"},
        {"user": b"eve"},
    ]
    assert redactor.counts["token"] == 2
    assert rows_of(Redactor(parse_rules(["ip"])).redact(entries)) == rows_of(entries)


def test_each_memory_is_looked_through_by_itself() -> None:
    entries = entries_of([{"message": "at 10.0.0.1"}, {"message": "-"}])
    other: Column = column_of([b"-", b"a@b.com \xff 10.0.0.2"])
    entries = entries._replace(fields={"x": other, "y": other._replace(starts=np.array([-1, 9]))})
    done = Redactor(parse_rules(["email,ip"])).redact(entries)
    assert rows_of(done) == [
        {"message": b"at [ip]", "x": b"-"},
        {"message": b"-", "x": b"[email] \xff [ip]", "y": b"\xff [ip]"},
    ]
