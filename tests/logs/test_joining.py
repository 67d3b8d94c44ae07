"""Entries of several lines as one line, and back."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from concli.logs.chunk import PADDING
from concli.logs.entries import Folded, fold
from concli.logs.joining import join
from concli.logs.scanner import Lines

CONTROLS = bytes(range(0x15, 0x20))


def lines_of(texts: list[bytes]) -> Lines:
    data = b"".join(text + b"\n" for text in texts)
    ends = np.flatnonzero(np.frombuffer(data, np.uint8) == ord("\n"))
    starts = np.append(0, ends[:-1] + 1)
    levels = np.array([text.startswith(b"*") for text in texts], np.uint8)
    return Lines(bytearray(data + bytes(PADDING)), len(data), starts, ends, levels, [b"", b"A"])


def folded_of(texts: list[bytes]) -> Folded:
    begins = np.array([text.startswith(b"*") for text in texts])
    return fold(begins, np.zeros(len(texts), bool), np.array([not text for text in texts]), joins=True)


text = st.binary(max_size=9).map(lambda data: data.replace(b"\n", b"").translate(None, CONTROLS[1:]))


@given(st.lists(st.one_of(text, text.map(b"*".__add__)), min_size=1, max_size=12))
def test_an_entry_is_one_line_until_its_line_feeds_are_put_back(texts: list[bytes]) -> None:
    lines, folded = lines_of(texts), folded_of(texts)
    before = bytes(lines.buffer)
    joined = join(lines, folded)
    assert joined is not None
    feed = joined.lines.feed
    assert feed not in before
    found = [bytes(lines.buffer[a:b]) for a, b in zip(joined.lines.starts, joined.lines.ends, strict=True)]
    assert b"\n".join(found).replace(feed, b"\n") == before[: lines.size - 1]
    entries = zip(folded.firsts.tolist(), folded.lasts.tolist(), strict=True)
    assert [line for line, level in zip(found, joined.lines.levels, strict=True) if level] == [
        feed.join(texts[first : last + 1]) for first, last in entries
    ]
    joined.put_back()
    assert bytes(lines.buffer) == before


def test_a_text_with_every_byte_in_it_is_left_as_it_is() -> None:
    texts = [b"*" + CONTROLS, b"more"]
    lines = lines_of(texts)
    before = bytes(lines.buffer)
    assert join(lines, folded_of(texts)) is None
    assert bytes(lines.buffer) == before
