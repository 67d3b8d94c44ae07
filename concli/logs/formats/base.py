"""The base format, as one of the formats; it has a scanner of its own for when nothing but it is asked for."""

import re

from concli.logs.formats.format import EntryScanner, Format, Reading
from concli.logs.scanner import ENTRY

__all__ = ["BASE", "what_lacks"]

_STAMPED = re.compile(rb"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")


def what_lacks(buffer: bytes | bytearray, start: int, end: int) -> str:
    """Return why a line is no entry, though not for an impossible date or its length."""
    return "no level" if _STAMPED.match(buffer, start, end) else "no timestamp"


def _scanner(reading: Reading) -> EntryScanner:
    from concli.logs.formats._base_vector import BaseScanner  # noqa: PLC0415 - most runs do without, and start-up counts

    return BaseScanner(reading)


BASE = Format(
    "base",
    "the base format: time, [LEVEL], message",
    b"2026-11-22 16:35:43 [INFO] listening on 127.0.0.1:8731\n",
    ENTRY,
    _scanner,
    holds_gil=False,
)
