"""JSON lines say what the entries have, whatever is in them."""

import json
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from concli.logs.output.jsonl import JsonLines
from tests.logs.output.rows import AWKWARD, KINDS, PLAIN, Row, all_of, entries_of, rendered, rows

_NUMBER = re.compile(rb"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")


def text_of(value: bytes) -> str:
    return re.sub("[\udc80-\udcff]", "\ufffd", value.decode("utf-8", "surrogateescape"))


def expected(row: Row) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name in ("timestamp", "level", "message", *sorted(set(row) - {"timestamp", "level", "message"})):
        if name in row and not (name == "level" and not row[name]):
            text = text_of(row[name])
            is_bare = name == "json" or (name == "number" and _NUMBER.fullmatch(row[name]))
            made[name] = json.loads(text) if is_bare else text
    return made


def objects(text: bytes) -> list[dict[str, Any]]:
    assert text.endswith(b"\n")
    return [json.loads(line) for line in text.decode().split("\n")[:-1]]


@settings(deadline=None, max_examples=50)
@given(st.one_of(rows(), rows(PLAIN)), st.randoms(use_true_random=False))
def test_every_value_that_is_there_arrives(made: list[Row], random: Any) -> None:
    render = JsonLines()
    for _ in range(2):  # the second time it may have learnt that most need escapes
        assert objects(rendered(render, entries_of(made, KINDS))) == [expected(row) for row in made]
    keep = np.array([random.random() < 0.5 for _ in made])
    got = rendered(JsonLines(), entries_of(made, KINDS), keep)
    assert (objects(got) if got else []) == [expected(row) for row, kept in zip(made, keep, strict=True) if kept]


@settings(deadline=None)
@given(st.lists(st.tuples(AWKWARD, st.sampled_from([0, 0, 0, 1])), min_size=100, max_size=101))
def test_few_that_need_escapes_among_many_that_do_not(made: list[tuple[bytes, int]]) -> None:
    few: list[Row] = [
        {"message": text if n % 20 == 0 else b"plain", "f": b"\\" * odd} for n, (text, odd) in enumerate(made)
    ]
    pieces, replaced = JsonLines()(entries_of(few), np.ones(len(few), bool))
    assert objects(b"".join(pieces)) == [expected(row) for row in few]
    assert replaced == sum(
        text_of(row["message"]).count("\ufffd") - row["message"].count("\ufffd".encode()) for row in few
    )


def test_bytes_that_are_not_utf8_are_counted_wherever_they_are() -> None:
    entries = entries_of([{"level": b"A\xff", "message": b"\xe2\x82", "x": b"caf\xc3\xa9"}, {"level": b"A\xff"}])
    pieces, replaced = JsonLines()(entries, all_of(entries))
    assert replaced == 4
    assert objects(b"".join(pieces))[0] == {"level": "A\ufffd", "message": "\ufffd\ufffd", "x": "café"}


def test_every_control_character_at_once_is_still_escaped() -> None:
    message = bytes(range(128))
    assert objects(rendered(JsonLines(), entries_of([{"message": message}]))) == [{"message": message.decode()}]


def test_the_order_is_that_of_the_columns_and_only_these_are_shown() -> None:
    entries = entries_of([{"timestamp": b"t", "level": b"L", "message": b"m", "a": b"1", "b": b"2"}], {"a": "number"})
    assert rendered(JsonLines(), entries) == b'{"timestamp":"t","level":"L","message":"m","a":1,"b":"2"}\n'
    assert rendered(JsonLines(("b", "level", "none")), entries) == b'{"b":"2","level":"L"}\n'


@pytest.mark.parametrize("number", [b"1", b"-1", b"0", b"0.5", b"1e5", b"12345678901234567890", b"1234567890123456"])
def test_a_number_stays_as_it_was_spelled(number: bytes) -> None:
    assert rendered(JsonLines(), entries_of([{"n": number}], {"n": "number"})) == b'{"n":%s}\n' % number


def test_no_entries_are_nothing() -> None:
    entries = entries_of([{"message": b"x", "n": b"1"}], {"n": "number"})
    assert JsonLines()(entries, np.zeros(1, bool)) == ([], 0)
