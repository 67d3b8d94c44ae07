"""Escaping a whole chunk at once: its lines change their places but not their number."""

import contextlib
import json
import re

import numpy as np
from numpy.typing import NDArray

from concli.logs.chunk import PADDING
from concli.logs.scanner import Lines

__all__ = ["csv_text", "json_text"]

# Every control character but the line feed, which ends the lines.
_CONTROLS = [bytes([c]) for c in range(32) if c != ord("\n")]
_JSON_ESCAPES = {c: json.dumps(c.decode())[1:-1].encode() for c in _CONTROLS}

_NOT_UTF8 = re.compile("[\udc80-\udcff]")  # what such a byte is decoded to


def json_text(lines: Lines, keep: NDArray[np.bool_]) -> tuple[bytearray | None, int]:
    """Return the text as JSON strings need it, padded, and how many bytes of kept lines were replaced.

    A byte that is not UTF-8 becomes U+FFFD. A text of None means that it can stay as it is.
    """
    buffer, size = lines.buffer, lines.size
    # Seen as signed bytes, control characters and all that is not ASCII lie below the space.
    low = np.count_nonzero(np.frombuffer(buffer, np.int8, size) < ord(" "))
    has_quote, has_backslash = buffer.find(b'"', 0, size) >= 0, buffer.find(b"\\", 0, size) >= 0
    if low == len(lines.ends) and not has_quote and not has_backslash:
        return None, 0
    text = bytes(memoryview(buffer)[:size])
    replaced = 0
    if not text.isascii():
        text, replaced = _as_utf8(text, keep)
    if has_backslash:
        text = text.replace(b"\\", b"\\\\")
    if has_quote:
        text = text.replace(b'"', b'\\"')
    if low != len(lines.ends):
        for control in _CONTROLS:
            if control in text:
                text = text.replace(control, _JSON_ESCAPES[control])
    return _padded(text), replaced


def csv_text(lines: Lines, keep: NDArray[np.bool_]) -> tuple[bytearray | None, int]:  # noqa: ARG001 - as json_text
    """Return the text with its quotes doubled, padded, as ``json_text`` does; any byte can stay."""
    if lines.buffer.find(b'"', 0, lines.size) < 0:
        return None, 0
    return _padded(lines.buffer[: lines.size].replace(b'"', b'""')), 0


def _as_utf8(text: bytes, keep: NDArray[np.bool_]) -> tuple[bytes, int]:
    with contextlib.suppress(UnicodeDecodeError):
        text.decode()
        return text, 0
    lines = text.split(b"\n")
    replaced = 0
    for number, (line, kept) in enumerate(zip(lines, keep.tolist(), strict=False)):
        if kept and not line.isascii():
            valid, count = _NOT_UTF8.subn("\ufffd", line.decode("utf-8", "surrogateescape"))
            lines[number] = valid.encode()
            replaced += count
    return b"\n".join(lines), replaced


def _padded(text: bytes | bytearray) -> bytearray:
    padded = bytearray(len(text) + PADDING)
    padded[: len(text)] = text
    return padded
