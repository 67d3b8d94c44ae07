"""What is done with each chunk before its entries are merged: they are found, chosen and shaped, but not rendered."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pickle import PickleBuffer
from typing import Any

from concli.logs.chunk import Chunk
from concli.logs.entries import Column, Entries
from concli.logs.general_parser import GeneralParser
from concli.logs.how import How
from concli.logs.parsed import Parsed

__all__ = ["Shaped", "make_shaper"]


@dataclass(slots=True)
class Shaped:
    """The ``entries`` of a chunk that are to be written, and the ``account`` of all its lines.

    It travels without the chunk, and without the text of that: whoever sent it has both, and puts them in again.
    """

    account: Parsed
    entries: Entries

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel with every other buffer that the columns look into, once each and not pickled."""
        buffers = {id(column.buffer): _Carried(column.buffer) for column in _columns(self.entries)}
        text = {id(self.account.chunk.buffer): None}
        return Shaped, (self.account, _with_buffers(self.entries, {**buffers, **text}))

    def put_in(self, chunk: Chunk) -> None:
        """Put in the chunk that this was made of, which may have been elsewhere."""
        self.account.chunk = chunk
        self.entries = _with_buffers(self.entries, {id(None): chunk.buffer})


class _Carried:
    """Stands for a buffer on the way. A pickle knows it again where it comes twice, as it does not a buffer."""

    def __init__(self, buffer: bytes | bytearray) -> None:
        self._buffer = buffer

    def __reduce__(self) -> tuple[Any, ...]:
        return _arrived, (PickleBuffer(self._buffer),)


def make_shaper(how: How) -> Callable[[Chunk], Shaped]:
    """Return what shapes the entries of a chunk, for one thread."""
    parser = GeneralParser(how)

    def shape(chunk: Chunk) -> Shaped:
        entries, account = parser.shaped(chunk)
        account.written = 0  # it is counted when it has been merged
        return Shaped(account, entries)

    return shape


def _arrived(buffer: Any) -> Any:
    return buffer


def _columns(entries: Entries) -> list[Column]:
    return [entries.raw, entries.timestamps, entries.messages, *entries.fields.values()]


def _with_buffers(entries: Entries, buffers: Mapping[int, Any]) -> Entries:
    """Return the entries with other buffers for those whose ``id`` is known."""

    def over(column: Column) -> Column:
        return column._replace(buffer=buffers.get(id(column.buffer), column.buffer))

    return entries._replace(
        raw=over(entries.raw),
        timestamps=over(entries.timestamps),
        messages=over(entries.messages),
        fields={name: over(column) for name, column in entries.fields.items()},
    )
