"""Escaping what needs it in entries that are laid out, without looking at each value.

The entries are laid out as if nothing had to be escaped. How many of the bytes with a meaning (quotes,
say) are due to what stands around the values is known, so whether there are others is found by counting
the bytes of the output. The few entries that have others are laid out again, with bytes that are nowhere
in the input standing for those with a meaning; what is then left of these is escaped, and the stand-ins
become what they stand for. If most entries of a chunk were so, the next is begun this way.
"""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from concli.files import Buffer
from concli.logs.line_finder import Positions
from concli.logs.output._ranks import Ranks, Special, count, is_not_ascii
from concli.logs.output._segments import Choice, Segment, Value, expected_count, some
from concli.logs.output.columns import Laid, lay_out

__all__ = ["Escaper", "Escapes", "replace_invalid"]

_NOT_UTF8 = re.compile("[\udc80-\udcff]")  # what such a byte is decoded to
_LF = b"\n"
_STAND_INS = [bytes([c]) for c in [*range(1, 9), *range(14, 32), 127]]
_MOST = 4  # a quarter of the entries is many
_AT_ONCE = 1 << 18  # bytes


def replace_invalid(text: bytes) -> tuple[bytes, int]:
    r"""Put U+FFFD for each byte that is not UTF-8, and count them.

    >>> replace_invalid(b"caf\xc3\xa9 \xff")
    (b'caf\xc3\xa9 \xef\xbf\xbd', 1)
    """
    try:
        text.decode()
    except UnicodeDecodeError:
        valid, replaced = _NOT_UTF8.subn("\ufffd", text.decode("utf-8", "surrogateescape"))
        return valid.encode(), replaced
    return text, 0


class Escapes(NamedTuple):
    """What is written for which byte, in the order of replacing; and whether all must be UTF-8."""

    replacements: dict[bytes, bytes]
    utf8: bool

    def value(self, text: bytes) -> tuple[bytes, int]:
        """Return one value escaped, and how many bytes of it were replaced."""
        replaced = 0
        if self.utf8:
            text, replaced = replace_invalid(text)
        for byte, escape in self.replacements.items():
            if byte in text:
                text = text.replace(byte, escape)
        return text, replaced


class Escaper:
    """Lays out entries with escapes, for one thread.

    An entry's last segment is a line feed, or its first is to become one: ``head``, if given, takes the place
    of the first byte of every entry; if that is a line feed, it comes behind the last entry instead of before
    the first.
    """

    def __init__(self, escapes: Escapes, head: bytes = b"") -> None:
        self._escapes = escapes
        self._head = head
        self._most_need_it = False
        self._special = Special(escapes.replacements)
        self._suspect = Special(escapes.replacements, not_ascii=True) if escapes.utf8 else self._special

    def __call__(self, segments: list[Segment], size: int) -> tuple[Sequence[Buffer], int]:
        """Return the entries in pieces, and how many bytes were replaced as they were not UTF-8."""
        if not size:
            return [], 0
        if self._most_need_it:
            lines, replaced, self._most_need_it = self._escaped(segments, size)
            return self._shifted([lines.data.data]), replaced
        laid = lay_out(segments, size)
        wrong = self._wrong(laid, segments)
        self._put_head(laid, self._head)
        whole = laid.data.data
        if not wrong.size:
            return self._shifted([whole]), 0
        self._most_need_it = len(wrong) * _MOST > size
        if self._most_need_it:
            lines, replaced, _ = self._escaped(segments, size)
            return self._shifted([lines.data.data]), replaced
        lines, replaced, _ = self._escaped(some(segments, wrong), len(wrong))
        pieces: list[Buffer] = []
        done = 0
        mended, places = lines.data.data, lines.starts.tolist()
        for number, (start, end) in enumerate(
            zip(laid.starts[wrong].tolist(), laid.starts[wrong + 1].tolist(), strict=True)
        ):
            if start > done:
                pieces.append(whole[done:start])
            pieces.append(mended[places[number] : places[number + 1]])
            done = end
        if done < len(whole):
            pieces.append(whole[done:])
        return self._shifted(pieces), replaced

    def _put_head(self, laid: Laid, head: bytes) -> None:
        if head:
            laid.data[laid.starts[:-1]] = head[0]

    def _shifted(self, pieces: list[Buffer]) -> list[Buffer]:
        return [pieces[0][1:], *pieces[1:], _LF] if self._head == _LF else pieces

    def _wrong(self, laid: Laid, segments: list[Segment]) -> Positions:
        """Return the entries that have something to escape, or may have."""
        expected = expected_count(segments, self._suspect.members, self._special)
        total = int(expected.sum()) if isinstance(expected, np.ndarray) else expected * (len(laid.starts) - 1)
        if count(laid.data, self._suspect) == total:
            return np.empty(0, np.int64)
        if self._suspect is not self._special:
            expected = expected_count(segments, self._special.members, self._special)
        # No value has less than none, so no two differences can make up for each other.
        wrong = Ranks(laid.data, self._special).within(laid.starts[:-1], laid.starts[1:]) != expected
        if self._escapes.utf8:
            wrong |= _not_utf8(laid)
        return np.flatnonzero(wrong)

    def _escaped(self, segments: list[Segment], size: int) -> tuple[Laid, int, bool]:
        """Return entries escaped, how many bytes were replaced, and whether anything was to be done."""
        stand_ins = self._stand_ins(segments)
        if stand_ins is None:
            return self._one_by_one(segments, size)
        structure, cover = b"".join(stand_ins), b"".join(stand_ins.values())
        covered = bytes.maketrans(structure, cover)
        laid = lay_out([_covered(segment, covered) for segment in segments], size)
        self._put_head(laid, self._head.translate(covered))
        pieces, feeds, size, replaced, changed = [], [], 0, 0, False
        uncovered = bytes.maketrans(cover, structure)
        # In parts, so that what is made in between stays in the cache.
        cuts = np.searchsorted(laid.starts, np.arange(0, len(laid.data) + _AT_ONCE, _AT_ONCE))
        for first, last in pairwise(np.unique(laid.starts[np.minimum(cuts, len(laid.starts) - 1)]).tolist()):
            plain = laid.data[first:last].tobytes()
            text, count = self._replaced(plain, cover)
            replaced += count
            changed |= text != plain
            feeds.append(np.flatnonzero(np.frombuffer(text, np.uint8) == stand_ins[_LF][0]) + size)
            size += len(text)
            pieces.append(text.translate(uncovered))
        ends = [np.array([size])]
        starts = np.concatenate(feeds + ends if self._head == _LF else [ends[0] * 0, *(feed + 1 for feed in feeds)])
        return Laid(np.frombuffer(b"".join(pieces), np.uint8), starts), replaced, changed

    def _replaced(self, text: bytes, cover: bytes) -> tuple[bytes, int]:
        """Return the text escaped but for the bytes that cover for others, and how many bytes were replaced."""
        replaced = 0
        if self._escapes.utf8 and not text.isascii():
            text, replaced = replace_invalid(text)
        for byte, escape in self._escapes.replacements.items():
            if byte in text and byte not in cover:
                text = text.replace(byte, escape)
        return text, replaced

    def _stand_ins(self, segments: list[Segment]) -> dict[bytes, bytes] | None:
        """Return bytes found in no value for those with a meaning that stand between the values."""
        between, buffers, raw = {_LF}, {}, False
        for segment in segments:
            if isinstance(segment, Value):
                between.update(_single(segment.prefix + segment.suffix))
                buffers[id(segment.column.buffer)] = segment.column.buffer
                raw |= segment.raw
            else:
                between.update(_single(b"".join(segment.options) if isinstance(segment, Choice) else segment))
        kept = [
            byte for byte in self._escapes.replacements if byte != _LF and (byte in between or (raw and byte >= b" "))
        ]
        free = (byte for byte in _STAND_INS if byte not in between and not any(byte in b for b in buffers.values()))
        found = dict(zip([_LF, *kept], free, strict=False))
        return found if len(found) == 1 + len(kept) else None

    def _one_by_one(self, segments: list[Segment], size: int) -> tuple[Laid, int, bool]:
        lines, total = [], 0
        for number in range(size):
            line = []
            for segment in segments:
                if isinstance(segment, bytes):
                    line.append(segment)
                elif isinstance(segment, Choice):
                    line.append(segment.options[segment.numbers[number]])
                elif (value := segment.column.value(number)) is not None:
                    text, replaced = (replace_invalid if segment.raw else self._escapes.value)(value)
                    line += [segment.prefix, text, segment.suffix]
                    total += replaced
            lines.append(b"".join(line))
            if self._head:
                lines[-1] = self._head + lines[-1][1:]
        starts = np.cumsum([0, *map(len, lines)])
        return Laid(np.frombuffer(b"".join(lines), np.uint8), starts), total, True


def _single(text: bytes) -> set[bytes]:
    return {bytes([byte]) for byte in set(text)}


def _not_utf8(laid: Laid) -> NDArray[np.bool_]:
    """Return which entries may not be UTF-8."""
    touched = Ranks(laid.data, is_not_ascii).within(laid.starts[:-1], laid.starts[1:]) > 0
    rows = np.flatnonzero(touched)
    if len(rows) * _MOST > len(touched):
        text = laid.data.tobytes()
    else:
        whole = laid.data.data
        spans = zip(laid.starts[rows].tolist(), laid.starts[rows + 1].tolist(), strict=True)
        text = b"".join([whole[start:end] for start, end in spans])
    try:
        text.decode()
    except UnicodeDecodeError:
        return touched
    return np.zeros_like(touched)


def _covered(segment: Segment, table: bytes) -> Segment:
    """Put the stand-ins into what stands around the values, and into values that are raw."""
    if isinstance(segment, bytes):
        return segment.translate(table)
    if isinstance(segment, Choice):
        # A line feed there, as in the name of a level, is not the end of an entry.
        inner = table[:10] + _LF + table[11:]
        return segment._replace(options=[option.translate(inner) for option in segment.options])
    column = segment.column
    if segment.raw:
        laid = lay_out([Value(column)], len(column.starts))
        # A control character can only be white space between the tokens.
        blanks = bytes(32 if byte < 32 else table[byte] for byte in range(256))
        text = laid.data.tobytes().translate(blanks)
        there = column.starts >= 0
        column = column._replace(
            buffer=text, starts=np.where(there, laid.starts[:-1], -1), ends=np.where(there, laid.starts[1:], -1)
        )
    return segment._replace(
        column=column, prefix=segment.prefix.translate(table), suffix=segment.suffix.translate(table)
    )
