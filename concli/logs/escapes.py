"""Escaping a whole chunk at once: its lines change their places but not their number."""

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

_TOP_BITS = np.uint64(0x8080808080808080)
_BATCH, _BATCHES = 64, 10

_NOT_UTF8 = re.compile("[\udc80-\udcff]")  # what such a byte is decoded to


def json_text(lines: Lines, keep: NDArray[np.bool_]) -> tuple[bytes | None, int]:
    """Return the text as JSON strings need it, padded, and how many bytes of kept lines were replaced.

    A byte that is not UTF-8 becomes U+FFFD. A text of None means that it can stay as it is.
    """
    data = np.frombuffer(lines.buffer, np.uint8, lines.size)
    has_control = int(np.count_nonzero(data < ord(" "))) > len(lines.ends)
    has_quote, has_backslash = _is_kept(b'"', lines, keep), _is_kept(b"\\", lines, keep)
    not_utf8 = not _is_utf8(lines)
    if not (has_control or has_quote or has_backslash or not_utf8):
        return None, 0
    text, replaced = _padded(lines), 0
    if not_utf8:
        text, replaced = _replace_invalid(text, keep)
    if has_backslash:
        text = text.replace(b"\\", b"\\\\")
    if has_quote:
        text = text.replace(b'"', b'\\"')
    if has_control:
        for control in _CONTROLS:
            if control in text:
                text = text.replace(control, b"\\n" if control == lines.feed else _JSON_ESCAPES[control])
    return text, replaced


def csv_text(lines: Lines, keep: NDArray[np.bool_]) -> tuple[bytes | None, int]:
    """Return the text with its quotes doubled, padded, as ``json_text`` does; any byte can stay."""
    if _is_kept(b'"', lines, keep):
        return _padded(lines).replace(b'"', b'""'), 0
    return None, 0


def _is_kept(byte: bytes, lines: Lines, keep: NDArray[np.bool_]) -> bool:
    """Tell whether ``byte`` is in a line that is kept; if it is in very many lines, yes is good enough."""
    at = -1
    for _ in range(_BATCHES):
        hits: list[int] = []
        while len(hits) < _BATCH and (at := lines.buffer.find(byte, at + 1, lines.size)) >= 0:
            hits.append(at)
        if keep[np.searchsorted(lines.ends, hits)].any():
            return True
        if at < 0:
            return False
    return True


def _is_utf8(lines: Lines) -> bool:
    """Tell whether the text is UTF-8, by decoding no more than the lines that are not ASCII if they are few."""
    words = np.frombuffer(lines.buffer, "<u8", -(-lines.size // 8))
    places = np.flatnonzero((words & _TOP_BITS) != 0) * 8
    is_touched = np.zeros(len(lines.ends) + 1, bool)  # the one is for what is in the padding
    is_touched[np.searchsorted(lines.ends, places)] = True
    is_touched[np.searchsorted(lines.ends, places + 7)] = True
    touched = np.flatnonzero(is_touched[:-1])
    whole = memoryview(lines.buffer)
    if len(touched) > len(lines.ends) // 8:
        parts = [whole[: lines.size]]
    else:
        spans = zip(lines.starts[touched].tolist(), (lines.ends[touched] + 1).tolist(), strict=True)
        parts = [whole[start:end] for start, end in spans]
    try:
        b"".join(parts).decode()
    except UnicodeDecodeError:
        return False
    return True


def _padded(lines: Lines) -> bytes:
    return b"".join((memoryview(lines.buffer)[: lines.size], b" " * PADDING))


def _replace_invalid(text: bytes, keep: NDArray[np.bool_]) -> tuple[bytes, int]:
    """Put U+FFFD for what is not UTF-8 in the lines that are kept, and count the bytes."""
    lines = text.split(b"\n")
    replaced = 0
    for number in np.flatnonzero(keep).tolist():
        if not lines[number].isascii():
            valid, count = _NOT_UTF8.subn("\ufffd", lines[number].decode("utf-8", "surrogateescape"))
            lines[number] = valid.encode()
            replaced += count
    return b"\n".join(lines), replaced
