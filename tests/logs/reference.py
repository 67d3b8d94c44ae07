"""A plain second implementation, a line at a time, to hold the fast one against."""

import re
from dataclasses import dataclass, field
from datetime import datetime

ENTRY = re.compile(rb"([0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}) \[([A-Za-z0-9_]+)\] (.*)", re.DOTALL)


@dataclass
class Expected:
    """What a line at a time and a plain regular expression make of some bytes."""

    entries: list[tuple[bytes, bytes, bytes]] = field(default_factory=list)
    rejects: list[tuple[int, int, bytes]] = field(default_factory=list)  # line number, offset, line
    blank: int = 0
    lines: int = 0

    def as_text(self) -> bytes:
        return b"".join(b"%s [%s] %s\n" % entry for entry in self.entries)

    def as_jsonl(self) -> list[dict[str, str]]:
        keys = ("timestamp", "level", "message")
        return [dict(zip(keys, map(_replaced, (iso(entry[0]), *entry[1:])), strict=True)) for entry in self.entries]


def iso(timestamp: bytes) -> bytes:
    """Return a timestamp as ISO 8601 has it."""
    return timestamp.replace(b" ", b"T")


def is_possible(timestamp: str) -> bool:
    """Tell whether there is such a date; a leap second may be anywhere."""
    try:
        datetime.fromisoformat(timestamp[:-2] + "00")
    except ValueError:
        return False
    return int(timestamp[-2:]) <= 60


def _replaced(data: bytes) -> str:
    """Decode UTF-8, each byte that is not as U+FFFD."""
    return re.sub("[\udc80-\udcff]", "\ufffd", data.decode("utf-8", "surrogateescape"))


def expect(data: bytes, max_line: int = 1 << 24) -> Expected:
    expected = Expected()
    offset = 0
    lines = data.split(b"\n")
    if not lines[-1]:
        lines.pop()
    for number, raw in enumerate(lines, 1):
        line = raw.removesuffix(b"\r")
        entry = ENTRY.fullmatch(line) if len(line) <= max_line else None
        entry = entry if entry and is_possible(entry[1].decode()) else None
        expected.lines += 1
        if entry:
            expected.entries.append((entry[1], entry[2], entry[3]))
        elif not line.strip() and len(line) <= max_line:
            expected.blank += 1
        else:
            expected.rejects.append((number, offset, line))
        offset += len(raw) + 1
    return expected
