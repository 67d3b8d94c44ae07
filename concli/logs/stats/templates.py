r"""Messages that differ only in numbers, ids, addresses and quoted words are one template.

Two steps make a template of a message. The first is for all messages of a chunk at once, by numpy: a run of
digits becomes one ``0``, and an id one ``\x01``. What is left, the *shape*, is the same for most messages that
have a template in common, so the second step, by a regular expression, is done once for each shape.

An id is a word of 6 or more hexadecimal digits with both figures and letters in it, a ``0x`` number, a UUID,
or a word of 8 or more letters and figures with 3 or more numbers in it.

>>> template(shapes([b"order 4711 of 10.0.0.7 paid, id 3fa9c2b4e1d0"])[0])
'order <num> of <ip> paid, id <id>'
"""

import re
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from concli.logs.entries import Column

__all__ = ["CUT", "collapsed", "joined", "shapes", "template"]

Bytes = NDArray[np.uint8]
Places = NDArray[np.int64]

#: How many bytes of a message's first line are looked at.
CUT = 256

_LF, _HYPHEN, _MARK = ord("\n"), ord("-"), 1
_DIGIT, _HEX, _LETTER = 1, 2, 4
_KINDS = bytes(
    _DIGIT
    if chr(c) in "0123456789"
    else _HEX
    if chr(c) in "abcdefABCDEF"
    else _LETTER
    if chr(c).isalpha() or c >= 0x80
    else 0
    for c in range(256)
)
_ZEROS = bytes.maketrans(b"123456789", b"000000000")
_UUID = (8, 4, 4, 4, 12)

_ADDRESS6 = re.compile(
    rb"(?<![\w:.])(?:(?:[0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4}|(?:[0-9a-fA-F]{1,4}(?::[0-9a-fA-F]{1,4}){0,6})?::"
    rb"(?:[0-9a-fA-F]{1,4}(?::[0-9a-fA-F]{1,4}){0,6})?)(?![\w:])"
)
# What is in quotes, but for the names in a JSON object.
_QUOTED = re.compile(
    rb'([{,][ ]?"[^"\n]{1,60}"[ ]?:)|"(?:[^"\\\n]|\\.)+"' rb"|(?<!\w)'[^'\n]+'(?!\w)",
)
_EMAIL = re.compile(rb"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_ID = re.compile(rb"\x01(?:-\x01){0,4}")
_ADDRESS = re.compile(rb"(?<![\w.])0(?:\.0){3}(?!\w|\.\w)")
_NUMBER = re.compile(rb"0(?:[.,]0)*")
_SIGN = re.compile(rb"(?<=[ =(\[,:])[-+](?=0)")


def template(shape: bytes) -> str:
    """Return the template of all messages of a shape; a byte that is not UTF-8 is U+FFFD."""
    # Each step is for what only some messages have, and the tests are quicker than the steps.
    if b'"' in shape or b"'" in shape:
        shape = _QUOTED.sub(_quoted, shape)
    if b"@" in shape:
        shape = _EMAIL.sub(b"<email>", shape)
    if b"::" in shape or shape.count(b":") >= 7:
        shape = _ADDRESS6.sub(b"<ip>", shape)
    if b"0.0.0.0" in shape:
        shape = _ADDRESS.sub(b"<ip>", shape)
    if b"-0" in shape or b"+0" in shape:
        shape = _SIGN.sub(b"", shape)
    shape = _NUMBER.sub(b"<num>", shape)
    if b"\x01" in shape:
        shape = _ID.sub(b"<id>", shape)
    return shape.decode("utf-8", "replace")


def _quoted(match: re.Match[bytes]) -> bytes:
    return match[1] or (b'"<str>"' if match[0][:1] == b'"' else b"'<str>'")


def joined(column: Column, chosen: Places) -> tuple[bytes, Places]:
    """Return the values of the chosen entries, each with a line feed behind it, and where they begin.

    Of a value no more is taken than ``CUT`` bytes; an entry without one has an empty one.
    """
    starts = column.starts[chosen]
    ends = np.minimum(column.ends[chosen], starts + CUT)
    lengths = ends - starts + 1
    begins = np.cumsum(lengths) - lengths
    size = len(column.buffer)
    if not len(starts):
        return b"", begins
    if int(starts[0]) < 0 or (starts[1:] <= ends[:-1]).any() or int(ends[-1]) >= size:
        buffer = bytes(column.buffer)
        spans = zip(starts.tolist(), ends.tolist(), strict=True)
        return b"\n".join([buffer[start:end] for start, end in spans]) + b"\n", begins
    # They stand in order with something between, which is left out.
    spans_ = np.empty(2 * len(starts), np.int64)
    spans_[0] = 0
    spans_[1::2] = lengths
    spans_[2::2] = starts[1:] - ends[:-1] - 1
    wanted = np.repeat(np.tile([False, True], len(starts)), spans_)
    text = np.frombuffer(column.buffer, np.uint8, len(wanted), int(starts[0]))[wanted]
    text[begins + lengths - 1] = _LF
    return text.tobytes(), begins


def shapes(messages: Iterable[bytes]) -> list[bytes]:
    """Return the shape of each message's first line."""
    parts = [message[:CUT].split(b"\n")[0] for message in messages]
    return collapsed(b"".join([part + b"\n" for part in parts])).split(b"\n")[: len(parts)]


def collapsed(text: bytes) -> bytes:
    """Return ``text`` with each number as ``0`` and each id as one byte."""
    if not text:
        return text
    data = np.frombuffer(bytearray(text.translate(_ZEROS)), np.uint8)
    _mark_ids(data, text)
    same = data[1:] == data[:-1]
    same &= (data[1:] == ord("0")) | (data[1:] == _MARK)
    keep = np.empty(len(data), bool)
    keep[0] = True
    np.logical_not(same, out=keep[1:])
    return data[keep].tobytes()


def _mark_ids(data: Bytes, text: bytes) -> None:
    """Write ``_MARK`` over the ids in ``text``."""
    kinds = np.frombuffer(text.translate(_KINDS), np.uint8)
    in_word = np.zeros(len(kinds) + 2, bool)
    np.not_equal(kinds, 0, out=in_word[1:-1])
    edges = np.flatnonzero(in_word[1:] != in_word[:-1])
    starts, ends = edges[::2], edges[1::2]
    if not starts.size:
        return
    bits = np.bitwise_or.reduceat(kinds, starts)  # what is between two words is 0
    lengths = ends - starts
    is_id = (bits == _DIGIT | _HEX) & (lengths >= 6)
    mixed = np.flatnonzero((bits > _LETTER) & ((bits & _DIGIT) != 0) & (lengths >= 3))
    if mixed.size:
        is_id[mixed] = _are_other_ids(text, kinds, starts[mixed], lengths[mixed])
    _find_uuids(is_id, text, bits, starts, ends, lengths)
    found = np.flatnonzero(is_id)
    if found.size:
        first, last = starts[found], ends[found]
        spans = np.empty(2 * len(found), np.int64)
        spans[0] = first[0]
        spans[1::2] = last - first
        spans[2::2] = first[1:] - last[:-1]
        data[: int(last[-1])][np.repeat(np.tile([False, True], len(found)), spans)] = _MARK


def _are_other_ids(text: bytes, kinds: Bytes, starts: Places, lengths: Places) -> NDArray[np.bool_]:
    """Tell which words are ``0x`` numbers, or so mixed that nobody has made them up."""
    letters = np.frombuffer(text, np.uint8)
    result: NDArray[np.bool_] = (letters[starts] == ord("0")) & (letters[starts + 1] | 0x20 == ord("x"))
    long = np.flatnonzero((lengths >= 8) & ~result)
    if long.size:
        is_digit = kinds == _DIGIT
        is_digit[1:] &= ~is_digit[:-1]  # numpy sees to the overlap
        numbers = np.flatnonzero(is_digit)
        begin = starts[long]
        result[long] = np.searchsorted(numbers, begin + lengths[long]) - np.searchsorted(numbers, begin) >= 3
    return result


def _find_uuids(
    is_id: NDArray[np.bool_], text: bytes, bits: Bytes, starts: Places, ends: Places, lengths: Places
) -> None:
    """Mark the five words of every UUID."""
    last = np.flatnonzero((lengths == _UUID[-1]) & (bits & _LETTER == 0))
    last = last[last >= 4]
    for back in range(1, 5):
        words = last - back
        fits = (lengths[words] == _UUID[-1 - back]) & (bits[words] & _LETTER == 0)
        fits &= starts[words + 1] - ends[words] == 1
        last = last[fits]
        between = np.frombuffer(text, np.uint8)[ends[last - back]]
        last = last[between == _HYPHEN]
    for back in range(5):
        is_id[last - back] = True
