"""What a parser hands to the writer."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from pickle import PickleBuffer
from typing import TYPE_CHECKING, Any

from concli.logs.chunk import Chunk
from concli.logs.entries import Entries

if TYPE_CHECKING:
    from concli.logs.choice.repeats import Runs

__all__ = ["Parsed"]


@dataclass(slots=True)
class Parsed:
    """What became of a chunk, good until the chunk is used again.

    ``pieces`` is what is to be written, made of ``entries`` if not by the base format's own parser; with ``runs``
    these are their middle. ``lines`` of the chunk are ``written`` or ``filtered`` as the first of an entry,
    ``continued`` as another, ``rejected`` for one of the ``reasons``, or ``blank``. ``seen`` are those of the names
    used to choose that an entry had, here or before; ``left_out`` counts the values that the output has no column for.
    """

    chunk: Chunk
    pieces: Sequence[Any] = ()
    entries: Entries | None = None
    runs: "Runs | None" = None
    rejects: bytes = b""
    lines: int = 0
    written: int = 0
    filtered: int = 0
    continued: int = 0
    rejected: int = 0
    blank: int = 0
    replaced_bytes: int = 0
    levels: dict[str, int] = field(default_factory=dict)
    reasons: Counter[str] = field(default_factory=Counter)
    seen: frozenset[str] = frozenset()
    left_out: Counter[str] = field(default_factory=Counter)

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel without the bytes of the chunk: whoever sent them has them."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        return _restored, ({**values, "chunk": self.chunk.emptied(), "pieces": _joined(self.pieces)},)

    def release(self) -> Chunk:
        """Let go of all that looks into the chunk, which may then be used again; return it."""
        self.pieces, self.entries, self.runs = (), None, None
        return self.chunk

    @property
    def output_bytes(self) -> int:
        """The bytes of the output."""
        return sum(map(len, self.pieces))

    def __len__(self) -> int:
        """Bytes held, as a buffer counts them."""
        return self.chunk.capacity + self.output_bytes + len(self.rejects)


def _restored(values: dict[str, Any]) -> Parsed:
    return Parsed(**values)


def _joined(pieces: Sequence[Any]) -> Sequence[Any]:
    """Return as one piece what is bytes: there may be thousands of small ones."""
    if not all(isinstance(piece, bytes | bytearray | memoryview) for piece in pieces):
        return pieces
    return [PickleBuffer(b"".join(pieces))]
