"""What comes out of a task."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from concli.engines.engine import RemoteError
from concli.patterns import Task, TaskStatus
from concli.tasks.items import Item
from concli.tasks.records import SHOWN, record_of, result_of, text_of, told_of

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


class Wordless(Exception):  # noqa: N818 - it is a name to be read in a record
    def __str__(self) -> str:
        raise RuntimeError


def task(data: Any = "a", result: Any = None, error: Exception | None = None, **more: Any) -> Task[Item]:
    status = TaskStatus.DONE if error is None else TaskStatus.FAILED
    return Task(0, Item(7, b"a", data), **{"status": status, "result": result, "error": error, **more})


@given(VALUES, VALUES)
def test_a_record_is_one_line_that_json_reads_back(data: Any, result: Any) -> None:
    line = record_of(task(data, result, attempts=3, seconds={"a": 0.5, 'b"': 1e-9}))
    assert line.count(b"\n") == 1
    assert json.loads(line) == {
        "id": 7,
        "data": data,
        "status": "done",
        "result": result,
        "error": None,
        "attempts": 2,
        "seconds": {"a": 0.5, 'b"': 0.0},
    }
    assert json.loads(SHOWN["record"].again(json.loads(line))) == json.loads(line)


def test_a_failure_has_its_type_and_what_it_says() -> None:
    record = json.loads(record_of(task(error=ValueError("no\nway"))))
    assert (record["status"], record["result"], record["attempts"]) == ("failed", None, 0)
    assert record["error"] == {"type": "ValueError", "message": "no\nway"}
    assert told_of(KeyError()) == ("KeyError", "KeyError")
    assert told_of(Wordless()) == ("Wordless", "it can't say what: RuntimeError")


def test_an_error_that_stands_for_another_is_told_as_that_one() -> None:
    assert told_of(RemoteError("make.<locals>.Odd: this: that")) == ("Odd", "this: that")
    assert told_of(RemoteError("Odd: ")) == ("Odd", "Odd")


@given(st.binary())
def test_bytes_that_are_no_utf8_come_back(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    line = record_of(task(text, text))
    line.decode()  # a reader may insist on UTF-8
    assert json.loads(line)["data"].encode("utf-8", "surrogateescape") == data
    assert result_of(task(result=text)) == data + b"\n"
    assert result_of(task(result=data)) == data + b"\n"


def test_what_json_has_not_is_text() -> None:
    itself: list[Any] = []
    itself += [itself, itself]
    assert json.loads(text_of({"a": {1}, "b": b"x"})) == {"a": "{1}", "b": "x"}
    assert json.loads(text_of(math.nan)) == "nan"
    assert json.loads(text_of({(1, 2): 3})) == "{(1, 2): 3}"
    assert json.loads(text_of(itself)) == "[[...], [...]]"
    assert json.loads(text_of(type("Odd", (), {"__repr__": lambda _: 1 // 0})())).startswith("<Odd, whose repr raised")


@pytest.mark.parametrize(
    ("result", "shown"),
    [("a\nb", b"a\nb\n"), (3, b"3\n"), ({"é": None}, '{"é": null}\n'.encode()), ("\ud800", b"\\ud800\n")],
)
def test_a_result_alone_is_text_as_it_is_and_else_json(result: Any, shown: bytes) -> None:
    assert result_of(task(result=result)) == shown
    assert SHOWN["result"].again({"result": result}) == shown


def test_a_task_that_failed_has_no_result_to_show() -> None:
    assert result_of(task(error=ValueError())) == b""
