"""What a format makes of a chunk: entries, by columns, and the account of every line."""

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from concli.logs.line_finder import Positions

__all__ = ["COMMON", "NO_VALUE", "Column", "Entries", "Folded", "Scan", "fold"]

#: What all formats know.
COMMON = ("timestamp", "level", "message")
#: Where and how a value starts and ends that is not there.
NO_VALUE = -1


class Column(NamedTuple):
    """One value an entry, or none: that of entry ``i`` is ``buffer[starts[i]:ends[i]]``.

    An entry without one has ``NO_VALUE`` for both. ``kind`` says what a value is: any bytes, supposed to be
    UTF-8; a number as JSON spells it; or JSON itself, on one line.
    """

    buffer: bytes | bytearray
    starts: Positions
    ends: Positions
    kind: Literal["text", "number", "json"] = "text"

    def value(self, number: int) -> bytes | None:
        """Return the value of one entry, None if it has none."""
        start = int(self.starts[number])
        return None if start < 0 else bytes(self.buffer[start : int(self.ends[number])])


class Entries(NamedTuple):
    """The entries of a chunk, in order. An array has one element an entry.

    ``lines`` are the numbers of their first lines within the chunk, from 0; ``raw`` all their lines as they
    stand, without the last line feed. ``timestamps`` are ISO 8601, with as much as is known of fraction and
    offset. ``names[levels[i]]`` is the level, ``names[0]`` being that of an entry without one, ``b""``.
    ``messages`` have their continuation lines behind line feeds. ``fields`` are all others, by name, in the
    order in which they are to be shown.
    """

    lines: Positions
    raw: Column
    timestamps: Column
    levels: NDArray[np.uint8]
    names: list[bytes]
    messages: Column
    fields: dict[str, Column]

    @property
    def size(self) -> int:
        """The number of entries."""
        return len(self.lines)


class Scan(NamedTuple):
    """All that became of a chunk's lines: those of ``entries``, ``continued``, ``blank`` and ``rejected``.

    ``rejected`` are numbers of lines within the chunk, from 0; ``reasons[n]`` is why ``rejected[n]`` is.
    """

    entries: Entries
    continued: int
    blank: int
    rejected: Positions
    reasons: list[str]


class Folded(NamedTuple):
    """Which lines make up an entry: from ``firsts[i]`` to ``lasts[i]``, both included.

    ``strays`` belong to none and are not blank.
    """

    firsts: Positions
    lasts: Positions
    strays: Positions
    continued: int
    blank: int


def fold(begins: NDArray[np.bool_], rejected: NDArray[np.bool_], blank: NDArray[np.bool_], *, joins: bool) -> Folded:
    """Tell for every line of a chunk what it belongs to, from whether it begins an entry, is rejected or is blank.

    If ``joins``, a line that does none of this belongs to the entry before it. A rejected line ends an entry,
    and what follows it is its own; blank lines belong to an entry only if more of it comes behind them.

    >>> begins, rejected, blank = np.array([[0, 1, 0, 0, 0, 0, 1, 0], [0] * 8, [0, 0, 0, 1, 0, 1, 0, 0]], bool)
    >>> folded = fold(begins, rejected, blank, joins=True)
    >>> folded.firsts.tolist(), folded.lasts.tolist(), folded.strays.tolist(), folded.continued, folded.blank
    ([1, 6], [4, 7], [0], 4, 1)
    """
    firsts = np.flatnonzero(begins)
    if (
        not joins
        or not firsts.size
        or len(firsts) + np.count_nonzero(blank) + np.count_nonzero(rejected) == len(begins)
    ):
        strays = np.flatnonzero(~(begins | rejected | blank))
        return Folded(firsts, firsts, strays, 0, int(np.count_nonzero(blank & ~begins & ~rejected)))
    # Cut the lines where an entry begins or a rejected line stands; a piece is an entry's if it begins with one.
    heads = np.flatnonzero(begins | rejected)
    is_entry = begins[heads]
    text = np.flatnonzero(~blank | begins | rejected)
    # The last line of each piece that is not blank.
    pieces = np.searchsorted(heads, text, side="right") - 1
    last_text = np.zeros(len(heads), np.int64)
    owned = pieces >= 0
    last_text[pieces[owned]] = text[owned]  # of several the last is kept
    lasts = last_text[is_entry]
    strays_of = np.append(is_entry, False)[pieces]  # -1, before any head, is the False at the end
    strays = text[~strays_of & ~(begins | rejected)[text]]
    continued = int((lasts - firsts).sum())
    return Folded(
        firsts, lasts, strays, continued, len(begins) - len(firsts) - int(rejected.sum()) - len(strays) - continued
    )
