"""The values of records: as text, as timestamps, and as columns."""

import json
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from concli.logs.entries import NO_VALUE, Column
from concli.logs.formats._record_shapes import Number

__all__ = ["all_stamps", "column_of", "encoded", "plain", "spelled", "texts_of"]

_Kind = Literal["text", "number", "json"]


def plain(value: Any) -> str:
    """Return text as it is, anything else as JSON, and nothing for null."""
    return "" if value is None else str(value) if isinstance(value, str) else spelled(value)


def all_stamps(values: Sequence[Any]) -> list[bytes]:
    """Return timestamps as a Stamper takes them."""
    if set(map(type, values)) == {str}:
        text = "\n".join(values)
        if text.isascii() and text.count("\n") == len(values) - 1:
            return text.encode().split(b"\n")
    return list(map(_stamp, values))


def _stamp(value: Any) -> bytes:
    """Return a timestamp as a Stamper takes it: a number has no exponent."""
    if isinstance(value, Number) and "e" in value.lower():
        return b"%.6f" % float(value)
    return encoded(plain(value))


def texts_of(values: Sequence[Any]) -> tuple[Sequence[str | None], _Kind]:
    """Return values as text, None for null, and of what kind they are."""
    kinds = set(map(type, values))
    if kinds <= {str, type(None)}:
        return values, "text"
    if kinds == {int}:
        return list(map(str, values)), "number"
    if kinds <= {int, Number, type(None)}:
        return [None if value is None else str(value) for value in values], "number"
    return [None if value is None else spelled(value) for value in values], "json"


def encoded(text: str) -> bytes:
    """Return text as it was in the log: what is not UTF-8 as the bytes that it was."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # half a character, as JSON can spell it
        return text.encode("utf-8", "surrogatepass")


def spelled(value: Any) -> str:
    """Return a value as JSON, with numbers as they were spelled."""
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, dict):
        return (
            "{" + ", ".join(f"{json.dumps(key, ensure_ascii=False)}: {spelled(of)}" for key, of in value.items()) + "}"
        )
    if isinstance(value, list):
        return "[" + ", ".join(map(spelled, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def column_of(rows: NDArray[np.int64], texts: Sequence[str | None], lines: int, kind: _Kind) -> Column:
    """Make a column of the values of some rows, those that are None not there."""
    starts, ends = np.full(lines, NO_VALUE, np.int64), np.full(lines, NO_VALUE, np.int64)
    if None in texts:
        there = np.fromiter((text is not None for text in texts), bool, len(texts))
        rows, texts = rows[there], [text for text in texts if text is not None]
    joined = "".join(texts)  # type: ignore[arg-type] # there is no None any more
    if joined.isascii():
        data, lengths = joined.encode(), np.fromiter(map(len, texts), np.int64, len(texts))  # type: ignore[arg-type] # as above
    else:
        parts = [encoded(text) for text in texts if text is not None]
        data, lengths = b"".join(parts), np.fromiter(map(len, parts), np.int64, len(parts))
    bounds = np.cumsum(lengths)
    starts[rows] = bounds - lengths
    ends[rows] = bounds
    return Column(data, starts, ends, kind)
