"""The items: arguments, or what stands in a file or comes from standard input, read as they are needed.

>>> [item.value for item in Items("lines", ["a", "b c"])]
['a', 'b c']
"""

import csv
import json
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from concli.errors import InputError, UsageError

__all__ = ["FORMATS", "BadItemError", "Item", "Items", "parse"]

FORMATS = ("lines", "null", "json", "csv")

_BLOCK_BYTES = 1 << 16
_LONGEST_ITEM = 1 << 28  # bytes; what goes on for longer has no end, and would fill the memory
_BOM = b"\xef\xbb\xbf"


class BadItemError(ValueError):
    """An item is not what it should be; says in which line."""


class Item:
    """One item: its ``number`` in the input from 0, the bytes it was made of, and its value.

    Until it is parsed its value is the text that it stands in; of a row the names of the fields and these.
    """

    __slots__ = ("line", "number", "raw", "value")

    def __init__(self, number: int, raw: bytes, value: Any, line: int = 0) -> None:
        self.number = number
        self.raw = raw
        self.value = value
        self.line = line

    @property
    def shown(self) -> Any:
        """What it is in a record: the value, or of a row that was not parsed its fields."""
        return self.value[1] if isinstance(self.value, tuple) else self.value


class Items:
    """An iterable of ``Item``, to be gone through once, by one thread; others may read the counts.

    ``arguments`` are the items themselves; without any they are in ``path``, where None and ``-`` are standard input.
    In ``lines``, and with ``null`` between NUL bytes, an item is a text; a byte that is not UTF-8 becomes a lone
    surrogate, as in ``os.fsdecode``. With ``json`` each line is a JSON value, blank lines are passed over; with ``csv``
    each row is a dict by the fields of the first. These two are yet to be given to ``parse``.

    Raises ``UsageError`` for what makes no sense together, and ``InputError``.
    """

    def __init__(self, how: str = "lines", arguments: Sequence[str] = (), path: str | None = None) -> None:
        if arguments and path is not None:
            raise UsageError("give items as arguments or by --input, not both")
        if arguments and how in {"null", "csv"}:
            raise UsageError(f"--{how} tells how an input is read, and arguments are items as they are")
        self.how = how
        self.read = 0  # items
        self.bytes_in = 0
        self.size: int | None = None  # bytes of input, where that is known
        self.problem: InputError | None = None  # that ended the reading
        self._arguments = arguments
        self._fd = -1
        self._name = "standard input" if path in (None, "-") else str(path)
        if not arguments:
            self._open(path)

    @property
    def has_to_be_parsed(self) -> bool:
        """Whether the items are to be given to ``parse``."""
        return self.how in {"json", "csv"}

    @property
    def expected(self) -> int | None:
        """The number of items there are; estimated by what has been read of a file; None if that can't be known."""
        if self._arguments:
            return len(self._arguments)
        if not self.size or not self.bytes_in:
            return None
        return max(self.read, round(self.read * self.size / self.bytes_in))

    def __iter__(self) -> Iterator[Item]:
        try:
            yield from self._items()
        except OSError as error:
            self.problem = InputError(self._name, error)
            raise self.problem from error
        except InputError as error:
            self.problem = error
            raise

    def _items(self) -> Iterator[Item]:
        if self.how == "csv":
            yield from self._rows()
            return
        separator = b"\0" if self.how == "null" else b"\n"
        pieces = map(os.fsencode, self._arguments) if self._arguments else self._pieces(separator)
        skips_blank = self.how == "json"
        for line, raw in enumerate(pieces, start=1):
            self.bytes_in += len(raw) + 1
            if skips_blank and not raw.strip():
                continue
            number = self.read
            self.read = number + 1
            yield Item(number, raw, raw.decode("utf-8", "surrogateescape"), line)

    def _rows(self) -> Iterator[Item]:
        rows = csv.reader(self._texts())
        header: list[str] | None = None
        while True:
            first_line = rows.line_num + 1
            try:
                row: list[str] | csv.Error = next(rows)
            except StopIteration:
                return
            except csv.Error as error:
                row = error
            if header is None:
                if isinstance(row, csv.Error):
                    raise InputError(self._name, f"line {first_line}, the names of the fields: {row}")
                header = row
            elif row:  # else it is a blank line
                number = self.read
                self.read = number + 1
                raw = str(row).encode("utf-8", "surrogateescape")
                yield Item(number, raw, (header, row), first_line)

    def _texts(self) -> Iterator[str]:
        for raw in self._pieces(b"\n"):
            self.bytes_in += len(raw) + 1
            yield raw.decode("utf-8", "surrogateescape") + "\n"

    def _pieces(self, separator: bytes) -> Iterator[bytes]:
        """Yield what stands between separators; one at the end begins nothing. A pipe is read as it comes."""
        held: list[bytes] = []
        held_bytes = 0
        is_first = self.how in {"json", "csv"}
        while block := os.read(self._fd, _BLOCK_BYTES):
            *whole, rest = block.split(separator)
            if whole:
                whole[0] = b"".join((*held, whole[0]))
                held, held_bytes = [], 0
                if is_first:
                    whole[0], is_first = whole[0].removeprefix(_BOM), False
                yield from whole
            if rest:
                held.append(rest)
                held_bytes += len(rest)
            if held_bytes > _LONGEST_ITEM:
                raise InputError(self._name, f"item {self.read + 1} has no end within {_LONGEST_ITEM:,} bytes")
        if held:
            yield b"".join(held).removeprefix(_BOM) if is_first else b"".join(held)

    def _open(self, path: str | None) -> None:
        # The bare descriptor: a thread that is left behind in a read must not hold what the interpreter closes at exit.
        try:
            self._fd = os.dup(0) if path in (None, "-") else os.open(str(path), os.O_RDONLY | os.O_CLOEXEC)
            status = os.fstat(self._fd)
        except OSError as error:
            raise InputError(self._name, error) from error
        if stat.S_ISDIR(status.st_mode):
            self.close()
            raise InputError(self._name, "it is a directory; name a file with items")
        if stat.S_ISREG(status.st_mode):
            self.size = status.st_size

    def close(self) -> None:
        """Give the descriptor back."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)


def parse(item: Item) -> Any:
    """Make the value of a JSON or CSV item, and return it. Raises ``BadItemError`` if it is none."""
    if isinstance(item.value, tuple):
        item.value = _fields(item, *item.value)
    else:
        try:
            item.value = json.loads(item.value)
        except (ValueError, RecursionError) as error:
            raise BadItemError(f"line {item.line} is no JSON: {error}") from error
    return item.value


def _fields(item: Item, header: Sequence[str], row: Sequence[str] | csv.Error) -> dict[str, str]:
    problem: object = row
    if not isinstance(row, csv.Error):
        if len(row) == len(header):
            return dict(zip(header, row, strict=True))
        item.value = list(row)
        problem = f"it has {_count(row)}, the first row has {_count(header)}"
    else:
        item.value = None
    raise BadItemError(f"line {item.line} is no row: {problem}")


def _count(fields: Iterable[str]) -> str:
    number = len(list(fields))
    return f"{number} field{'s' * (number != 1)}"
