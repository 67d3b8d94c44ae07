"""Access logs: the common and the combined format, as Apache and nginx write them.

What stands in quotes ends at the first quote that has no backslash before it; where there is one, the expression
tells whether it is the quote's. A dash says that there is no value.
"""

import re

import numpy as np
from numpy.typing import NDArray

from concli.logs.entries import NO_VALUE
from concli.logs.formats._layouts import Draft, Part, Tools, without_dashes
from concli.logs.formats._vector import Grammar
from concli.logs.formats._words import Cursor, Template, Text, first_byte, holds_digits
from concli.logs.line_finder import Positions
from concli.logs.stamps import ACCESS, Place, Words

__all__ = ["COMBINED", "COMMON"]

_QUOTED = rb'(?:[^"\\\n]|\\[^\n])*'
_COMMON = (
    rb"(?P<remote_addr>[^ \n]+) (?P<ident>[^ \n]+) (?P<user>[^\n]+?) "
    rb"\[(?P<timestamp>[0-9]{2}/(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)/[0-9]{4}"
    rb':[0-9]{2}:[0-9]{2}:[0-9]{2} [+-][0-9]{4})\] "'
    rb'(?P<message>(?P<method>[^ "\n]+) (?P<path>(?:[^"\\\n]|\\[^\n])+) (?P<protocol>HTTP/[0-9](?:\.[0-9])?)'
    rb"|" + _QUOTED + rb')" (?=[0-9]{3} |- )0{0,2}(?P<status>0|[1-9][0-9]*|-) (?P<bytes>0|[1-9][0-9]*|-)'
)
_COMBINED = _COMMON + rb' "(?P<referer>' + _QUOTED + rb')" "(?P<user_agent>' + _QUOTED + rb')"(?: (?P<extra>[^\n]*))?'
_STAMP = Template(b'00/???/0000:00:00:00 ?0000] "')
_STAMP_WIDTH = 29
_PLACE = Place(ACCESS, offset=slice(21, 26))
_TAIL = Template(b'? HTTP/0.0" 000 ')
_BEFORE_QUOTE = 10  # bytes of it
_PROTOCOL = len("HTTP/1.1")
_QUOTE, _BRACKET, _BLANK, _BACKSLASH = b'"[ \\'
_BETWEEN, _BETWEEN_MASK = np.frombuffer(b'\0" "\0\0\0\0' + b"\0\xff\xff\xff\0\0\0\0", "<u8")
_LEVELS = np.array([3 if c >= ord("5") else 2 if c == ord("4") else 1 for c in range(256)], np.uint8)
_AT_ONCE = 1 << 17  # bytes, so that the scratch array stays in the cache
_FIELDS = ("remote_addr", "ident", "user", "method", "path", "protocol", "status", "bytes")


def _level(match: re.Match[bytes]) -> bytes:
    status = match["status"].rjust(3, b"0")
    return b"ERROR" if status >= b"500" else b"WARNING" if status >= b"400" else b"INFO"


class _Access:
    """Lines whose request is one, and whose parts are of the usual length."""

    def __init__(self, *, combined: bool) -> None:
        self._is_combined = combined

    def heads(self, words: Words) -> NDArray[np.bool_]:
        """Tell which lines may be entries: they have no width in common."""
        return np.ones(words.shape[1], bool)

    def take_apart(self, text: Text, starts: Positions, ends: Positions, words: Words, tools: Tools) -> Draft:
        """Take lines apart."""
        client = Cursor(text, starts, ends, b" ")
        fields = {}
        for name in _FIELDS[:3]:
            start = client.places
            client.find(b" ")
            fields[name] = Part(start, client.places)
            client.lost |= start == fields[name].ends
            client.step()
        bracket = np.minimum(client.places, ends)
        lost = client.lost | (text.bytes[bracket] != _BRACKET)
        stamp = bracket + 1
        np.minimum(stamp, ends, out=stamp)
        words = text.heads(stamp)
        lost |= ~_STAMP.fits(words)
        stamped = tools.stamper.stamps(words, _PLACE)

        stamp += _STAMP_WIDTH
        request_start = np.minimum(stamp, ends, out=stamp)
        request = Cursor(text, request_start, ends, b" ", b'"')
        request.find(b" ", b'"')
        lost |= ~request.is_at(b" ")
        method_end = request.places
        lost |= method_end == request_start
        request.find(b'"')
        request_end = request.places
        lost |= request.lost
        tail = text.heads(np.clip(request_end - _BEFORE_QUOTE, 0, ends))
        lost |= ~_TAIL.fits(tail)
        lost |= (tail[0] & np.uint64(0xFF)) == _BACKSLASH
        path_end = request_end - (_PROTOCOL + 1)
        lost |= method_end + 1 >= path_end
        size_start = request_end + 6
        fields["method"] = Part(request_start, method_end)
        fields["path"] = Part(method_end + 1, path_end)
        fields["protocol"] = Part(path_end + 1, request_end)
        fields["status"] = Part(request_end + 2, size_start - 1)
        status = (tail[1] >> np.uint64(32)).astype(np.uint8)
        lost |= status == ord("0")
        size_end = size_start + first_byte(tail[2], _BLANK) if self._is_combined else ends
        width = size_end - size_start
        is_dash = (tail[2] & np.uint64(0xFF)) == ord("-")
        is_dash &= width == 1
        is_size = holds_digits(tail[2], width)
        is_size &= ((tail[2] & np.uint64(0xFF)) != ord("0")) | (width == 1)
        lost |= ~(is_size | is_dash)
        fields["bytes"] = Part(size_start, size_end)
        if self._is_combined:
            lost = self._take_rest(text, size_end, ends, fields, lost)
        dashed = {name: without_dashes(text, fields[name], ends) for name in _DASHED if name in fields}
        return Draft(lost, stamped, _LEVELS.take(status), Part(request_start, request_end), fields | dashed)

    @staticmethod
    def _take_rest(
        text: Text, size_end: Positions, ends: Positions, fields: dict[str, Part], lost: NDArray[np.bool_]
    ) -> NDArray[np.bool_]:
        """Take what the combined format has more, and tell what is now lost."""
        start = size_end + 2
        np.minimum(start, ends, out=start)
        lost = lost | (text.bytes[start - 1] != _QUOTE)
        cursor = Cursor(text, start, ends, b'"')
        cursor.find(b'"')
        referer_end = cursor.places
        fields["referer"] = Part(start, referer_end)
        between = text.words(np.clip(referer_end - 1, 0, ends))
        lost |= (between & np.uint64(0xFF)) == _BACKSLASH
        between ^= _BETWEEN
        between &= _BETWEEN_MASK
        lost |= between != 0
        agent_start = referer_end + 3
        none = np.full(len(ends), NO_VALUE, np.int64)
        extra = Part(none, none)
        agent_end = ends - 1
        is_odd = lost | cursor.lost | (agent_start > agent_end) | (text.bytes[agent_end] != _QUOTE)
        if not _has_six_quotes(text, is_odd):
            cursor.step(3)
            cursor.find(b'"')
            agent_end = np.minimum(cursor.places, ends)
            more = np.flatnonzero(agent_end + 1 < ends)
            if more.size:
                extra = Part(none.copy(), none.copy())
                extra.starts[more], extra.ends[more] = agent_end[more] + 2, ends[more]
                lost[more] |= text.bytes[agent_end[more] + 1] != _BLANK
        lost |= text.bytes[agent_end - 1] == _BACKSLASH
        lost |= cursor.lost
        lost |= agent_start > agent_end
        lost |= text.bytes[np.maximum(agent_end, 0)] != _QUOTE
        fields["user_agent"] = Part(agent_start, agent_end)
        fields["extra"] = extra
        return lost


def _has_six_quotes(text: Text, is_odd: NDArray[np.bool_]) -> bool:
    """Tell whether the lines that are not odd, which have six quotes at least, have no more."""
    odd = np.flatnonzero(is_odd)
    if 16 * len(odd) > len(is_odd):
        return False
    quotes, is_quote = 0, np.empty(_AT_ONCE, bool)
    for at in range(0, text.size, _AT_ONCE):
        part = text.bytes[at : min(at + _AT_ONCE, text.size)]
        quotes += int(np.count_nonzero(np.equal(part, _QUOTE, out=is_quote[: len(part)])))
    for start, end in zip(text.starts[odd].tolist(), text.ends[odd].tolist(), strict=True):
        quotes -= text.buffer.count(b'"', start, end)
    return quotes == 6 * (len(is_odd) - len(odd))


_DASHED = frozenset({"ident", "user", "status", "bytes", "referer", "user_agent"})


def _grammar(pattern: bytes, *, combined: bool) -> Grammar:
    return Grammar(
        re.compile(pattern),
        (ACCESS,),
        [_Access(combined=combined)],
        level=_level,
        fields=_FIELDS + (("referer", "user_agent", "extra") if combined else ()),
        numbers=frozenset({"status", "bytes"}),
        dashed=_DASHED,
        known=(b"INFO", b"WARNING", b"ERROR"),
        message_is_last=False,
        joins=False,
    )


COMMON = _grammar(_COMMON, combined=False).format(
    "common",
    "the common log format of web servers",
    b'127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /apache_pb.gif HTTP/1.0" 200 2326\n',
    begins=_COMMON + rb"\r?$",
)

COMBINED = _grammar(_COMBINED, combined=True).format(
    "combined",
    "the combined log format of web servers, and what may follow it",
    b'127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /apache_pb.gif HTTP/1.0" 200 2326 '
    b'"http://www.example.com/start.html" "Mozilla/4.08 [en] (Win98; I ;Nav)"\n',
)
