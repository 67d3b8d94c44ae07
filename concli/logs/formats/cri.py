"""What a container says, as Kubernetes' container runtimes wrap it."""

import re

import numpy as np
from numpy.typing import NDArray

from concli.logs.chunk import Chunk
from concli.logs.entries import Scan
from concli.logs.formats._layouts import Draft, Part, Tools
from concli.logs.formats._looks import Rows
from concli.logs.formats._partials import join_partials
from concli.logs.formats._vector import Grammar, VectorScanner
from concli.logs.formats._words import Template, Text
from concli.logs.formats.format import Reading
from concli.logs.line_finder import Positions
from concli.logs.stamps import ISO, Place, Stamped, Stamper, Words

__all__ = ["CRI"]

_SECONDS = len("2026-11-22T16:35:43")
_STREAM = len("stdout")
_FULL, _PARTIAL, _BLANK = b"FP "
_TIMESTAMP = rb"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:Z|[+-][0-9]{2}:[0-9]{2})"


class _Cri:
    """Lines with nanoseconds, which are more than a ``Stamper`` puts down, and an offset of some width."""

    def __init__(self, fraction: bytes, offset: bytes) -> None:
        self._template = Template((b"0000-00-00T00:00:00" + fraction + offset)[:32])
        self._fraction, self._offset = len(fraction), len(offset)

    def heads(self, words: Words) -> NDArray[np.bool_]:
        """Tell which lines begin so."""
        return self._template.fits(words)

    def take_apart(self, text: Text, starts: Positions, ends: Positions, words: Words, tools: Tools) -> Draft:
        """Take lines apart."""
        rows = Rows(text, starts, ends, words, tools)
        streams = starts + (_SECONDS + self._fraction + self._offset + 1)
        tags = streams + (_STREAM + 1)
        tag = rows.bytes_at(tags)
        lost = ~(rows.are_at(streams, b"stdout ") | rows.are_at(streams, b"stderr "))
        lost |= (tag != _FULL) & (tag != _PARTIAL)
        lost |= (rows.bytes_at(streams - 1) != _BLANK) | (rows.bytes_at(tags + 1) != _BLANK)
        fields = {"stream": Part(streams, streams + _STREAM), "tag": Part(tags, tags + 1)}
        stamped = self._stamps(rows, tools.stamper)
        return Draft(lost, stamped, np.zeros(len(starts), np.uint8), Part(tags + 2, ends), fields)

    def _stamps(self, rows: Rows, stamper: Stamper) -> Stamped:
        """Have the stamper look at what is left without the fractions, and put them in again."""
        words = rows.words.copy()
        offsets = rows.words_at(rows.starts + (_SECONDS + self._fraction))
        words[2] = (words[2] & np.uint64(0xFFFFFF)) | (offsets << np.uint64(24))
        words[3] = offsets >> np.uint64(40)
        stamped = stamper.stamps(words, Place(ISO, 0, slice(_SECONDS, _SECONDS + self._offset)))
        if not self._fraction:
            return stamped
        width, count = stamped.width + -(-self._fraction // 8) * 8, len(rows.starts)
        buffer = bytearray(count * width)
        for target, source in (
            (_part(buffer, 0, _SECONDS, width), _part(stamped.buffer, 0, _SECONDS, stamped.width)),
            (
                _part(buffer, _SECONDS, self._fraction, width),
                rows.text.records(np.minimum(rows.starts + _SECONDS, rows.ends), self._fraction),
            ),
            (
                _part(buffer, _SECONDS + self._fraction, stamped.width - _SECONDS, width),
                _part(stamped.buffer, _SECONDS, stamped.width - _SECONDS, stamped.width),
            ),
        ):
            target[:] = source
        return Stamped(buffer, width, stamped.lengths + self._fraction, stamped.is_good)


def _part(buffer: bytearray, at: int, width: int, stride: int) -> NDArray[np.void]:
    """Return some bytes of each row of a buffer."""
    return np.ndarray((len(buffer) // stride,), f"V{width}", buffer, at, (stride,))


_GRAMMAR = Grammar(
    re.compile(
        rb"(?P<timestamp>" + _TIMESTAMP + rb") (?P<stream>stdout|stderr) (?P<tag>[FP])(?::[^ \n]*)? "
        rb"(?P<message>[^\n]*)"
    ),
    (ISO._replace(pattern=re.compile(ISO.pattern.pattern.replace(b"{1,9}", b"+"))),),
    [_Cri(fraction, offset) for fraction in (b".000000000", b"") for offset in (b"Z", b"?00:00")],
    head=b"0000-00-00T00:00:00",
    level=lambda _: b"",
    fields=("stream", "tag"),
    joins=False,
)


class _CriScanner(VectorScanner):
    """Joins partial lines with those that they go on in; the tag is then of no more use."""

    def __init__(self, reading: Reading) -> None:
        super().__init__(reading, _GRAMMAR, "cri")

    def scan(self, chunk: Chunk) -> Scan:
        """Tell what became of every line of ``chunk``."""
        scan = super().scan(chunk)
        fields = dict(scan.entries.fields)
        tags = fields.pop("tag", None)
        scan = scan._replace(entries=scan.entries._replace(fields=fields))
        if tags is None or not tags.starts.size:
            return scan
        return join_partials(scan, np.frombuffer(tags.buffer, np.uint8)[tags.starts] == _PARTIAL)


CRI = _GRAMMAR.format(
    "cri",
    "CRI, as Kubernetes keeps what containers say",
    b"2026-11-22T16:35:43.123456789Z stdout P listening on\n2026-11-22T16:35:43.123456789Z stdout F  8731",
    begins=_TIMESTAMP + rb" (?:stdout|stderr) [FP][: ]",
)._replace(
    scanner=_CriScanner,
    fields=("stream",),
    unfinished=re.compile(_TIMESTAMP + rb" (?:stdout|stderr) P[: ]"),
)
