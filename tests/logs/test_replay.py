"""Rejects that are read again."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from concli.logs.chunk import PADDING, Chunk
from concli.logs.formats.registry import by_name
from concli.logs.line_finder import LineFinder
from concli.logs.rejects import reject_lines
from concli.logs.replay import replayed


def chunk_of(text: bytes) -> Chunk:
    chunk = Chunk(bytearray(text + bytes(PADDING)), "x.log", size=len(text), consumed=len(text), first_line=7)
    chunk.mark_lines(LineFinder())
    return chunk


def lines_of(chunk: Chunk) -> list[bytes]:
    assert chunk.buffer[chunk.size - 1 : chunk.size] == b"\n"
    return bytes(chunk.buffer[: chunk.size - 1]).split(b"\n")


def rejects_of(chunk: Chunk) -> Chunk:
    return chunk_of(reject_lines(chunk, np.arange(chunk.lines), ["no level"] * chunk.lines))


line = st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), max_size=30).map(str.encode)


@given(st.lists(line, min_size=1, max_size=9), st.integers(1, 2))
def test_rejects_are_the_lines_that_they_were(lines: list[bytes], times: int) -> None:
    chunk = chunk_of(b"".join(one + b"\n" for one in lines))
    for _ in range(times):
        chunk = rejects_of(chunk)
    found = replayed(chunk, LineFinder())
    assert lines_of(found) == [one.removesuffix(b"\r") for one in lines]
    assert (found.lines, found.first_line, found.consumed) == (chunk.lines, 7, chunk.size)


@pytest.mark.parametrize(
    "line",
    [
        b"x",
        b'{"file": "',
        b'{"file": "x", "text": "y"}',
        b'{"file": "x", "line": 1, "offset": 0, "reason": "z"}',
        b'{"file": "x", "line": 1, "offset": 0, "reason": "z", "text": 1}',
    ],
)
def test_what_is_no_reject_stays(line: bytes) -> None:
    reject = json.dumps({"file": "a", "line": 1, "offset": 0, "reason": "no level", "text": "b"}).encode()
    assert lines_of(replayed(chunk_of(reject + b"\n" + line + b"\n"), LineFinder())) == [b"b", line]


def test_read_as_json_they_are_what_they_are() -> None:
    chunk = rejects_of(chunk_of(b"x\n"))
    chunk.format = by_name("json")
    assert replayed(chunk, LineFinder()) is chunk
