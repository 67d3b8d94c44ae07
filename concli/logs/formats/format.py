"""What a format of logs is, to those who read by it and those who choose one."""

import re
from collections.abc import Callable
from datetime import tzinfo
from typing import Any, Literal, NamedTuple, Protocol

from concli.logs.chunk import Chunk
from concli.logs.entries import Scan

__all__ = ["EntryScanner", "Format", "Reading"]


class Reading(NamedTuple):
    """How entries are read, whatever their format.

    Lines of more than ``max_line`` bytes are rejected. ``zone`` is that of timestamps that name none; without
    it they stay as they are. ``multiline`` is a pattern that the first line of an entry begins with, and all
    others belong to the one before; "auto" leaves it to the format.
    """

    max_line: int = 16 * 1024 * 1024
    zone: tzinfo | None = None
    multiline: Literal["auto", "off"] | re.Pattern[bytes] = "auto"

    def joins(self, format_joins: bool) -> bool:
        """Tell whether a line that begins no entry belongs to the one before it."""
        return self.multiline != "off" and (format_joins or self.multiline != "auto")


class EntryScanner(Protocol):
    """Scans chunks of one format, one after the other, for one thread."""

    def scan(self, chunk: Chunk) -> Scan:
        """Tell what became of every line of ``chunk``."""


class Format(NamedTuple):
    """One format. ``example`` is one or more lines of it, ``fields`` what it knows besides the common three.

    ``begins`` matches at the start of a line that begins an entry, and as little as possible else: by it a
    format is detected, and chunks are cut where an entry ends. ``scanner`` makes a scanner for one thread.
    If ``joins``, a line that begins no entry belongs to the one before it; after a line that ``unfinished`` matches the
    next goes on. ``month`` is the name of the group of ``begins`` with the month if its timestamps have no year, else
    "". If ``is_unmistakable``, an input that begins with an entry of it is of it, whatever its other lines look like.
    It ``holds_gil`` if its lines are taken apart one by one, and not by numpy.
    """

    name: str
    title: str
    example: bytes
    begins: re.Pattern[bytes]
    scanner: Callable[[Reading], EntryScanner]
    fields: tuple[str, ...] = ()
    joins: bool = True
    month: str = ""
    unfinished: re.Pattern[bytes] | None = None
    is_unmistakable: bool = False
    holds_gil: bool = True

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel by name, if it is built in: what makes a scanner need not be picklable."""
        from concli.logs.formats.registry import built_in  # noqa: PLC0415 - the registry is above what it lists

        return (built_in, (self.name,)) if built_in(self.name) is self else (Format, tuple(self))
