"""What comes out of a task: its record as a JSON line, or its result alone.

>>> text_of({"a": [1, None]}), text_of({"b": 1 + 2j}), text_of(float("nan"))
('{"a": [1, null]}', '{"b": "(1+2j)"}', '"nan"')
"""

import json
from collections.abc import Callable, Mapping
from json.encoder import encode_basestring as _quote
from typing import Any, NamedTuple

from concli.engines.engine import RemoteError
from concli.patterns import Task
from concli.tasks.items import Item

__all__ = ["SHOWN", "Shown", "record_of", "result_of", "text_of", "told_of"]

_LONGEST_REPR = 10_000  # characters


class Shown(NamedTuple):
    """What is shown of a task that has come out, and of one that an earlier run did, by its record."""

    now: Callable[[Task[Item]], bytes]
    again: Callable[[Mapping[str, Any]], bytes]


def text_of(value: object) -> str:
    """Return a value as JSON. An object that JSON has not is the text that ``repr`` makes of it, bytes are text.

    Of a value with NaN, or a key that is no text or number, or that holds itself, the whole is such a text.
    """
    if type(value) is str:  # most are; the encoder is set up anew for all else
        return _quote(value)
    if type(value) is int:
        return repr(value)
    try:
        return _encode(value)
    except (TypeError, ValueError, RecursionError):
        return _encode(_repr(value))


def record_of(task: Task[Item]) -> bytes:
    """Return the record of a task that has come out: one JSON line.

    Its attempts are 1 and one more for each time that a stage was tried again; 0 if nothing was tried.
    """
    item, error = task.data, task.error
    failure = "null"
    if error is not None:
        kind, message = told_of(error)
        failure = f'{{"type": {_quote(kind)}, "message": {_quote(message)}}}'
    seconds = ", ".join([f"{_quote(stage)}: {each:.6f}" for stage, each in task.seconds.items()])
    attempts = task.attempts and task.attempts - len(task.seconds) + 1
    result = "null" if task.result is None else text_of(task.result)
    return _utf8(
        f'{{"id": {item.number}, "data": {text_of(item.shown)}, "status": "{task.status.value}", '
        f'"result": {result}, "error": {failure}, "attempts": {attempts}, '
        f'"seconds": {{{seconds}}}}}\n'
    )


def result_of(task: Task[Item]) -> bytes:
    """Return the result of a task on a line: text and bytes as they are, all else as JSON. Of one not done nothing."""
    return _result(task.result) if task.status.value == "done" else b""


def told_of(error: BaseException) -> tuple[str, str]:
    """Return the type of an error, and what it says or at least what it is; of one that another stands for, its own."""
    kind = type(error).__name__
    try:
        said = str(error)
    except Exception as worse:  # noqa: BLE001 - it is somebody else's class
        return kind, f"it can't say what: {type(worse).__name__}"
    if isinstance(error, RemoteError):
        path, _, said = said.partition(": ")
        kind = path.rpartition(".")[2]
    return kind, said or kind


def _result(result: object) -> bytes:
    if isinstance(result, bytes | bytearray):
        return bytes(result) + b"\n"
    if not isinstance(result, str):
        return _utf8(text_of(result) + "\n")
    try:
        return result.encode("utf-8", "surrogateescape") + b"\n"
    except UnicodeEncodeError:  # a surrogate that stands for no byte
        return result.encode("utf-8", "backslashreplace") + b"\n"


def _utf8(json_text: str) -> bytes:
    try:
        return json_text.encode()
    except UnicodeEncodeError:  # bytes that were not UTF-8: as escapes they are read back as they were
        return "".join(f"\\u{ord(char):04x}" if "\ud800" <= char <= "\udfff" else char for char in json_text).encode()


def _plain(value: object) -> object:
    """Make text of what JSON has not."""
    return value.decode("utf-8", "surrogateescape") if isinstance(value, bytes | bytearray) else _repr(value)


def _repr(value: object) -> str:
    try:
        return repr(value)[:_LONGEST_REPR]
    except Exception as error:  # noqa: BLE001 - as above
        return f"<{type(value).__name__}, whose repr raised {type(error).__name__}>"


_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, default=_plain).encode

#: By the word that asks for it.
SHOWN = {
    "record": Shown(record_of, lambda record: _utf8(_encode(record) + "\n")),
    "result": Shown(result_of, lambda record: _result(record["result"])),
}
