"""What is made of a chunk before it is merged, and how it travels."""

import pickle
from typing import Any

import pytest

from concli.engines._message import pack
from concli.logs.choice.options import choose
from concli.logs.chunk import PADDING, Chunk
from concli.logs.destination import Destination
from concli.logs.formats.format import Reading
from concli.logs.formats.registry import built_in
from concli.logs.generate import NAMES, Choice, Log
from concli.logs.how import How
from concli.logs.line_finder import LineFinder
from concli.logs.shaping import Shaped, make_shaper
from tests.logs.columns import rows_of


def chunk_of(name: str, text: bytes) -> Chunk:
    """Return a chunk of that format that stands in no file."""
    chunk = Chunk(bytearray(text + bytes(PADDING)), "in.log", size=len(text), consumed=len(text), format=built_in(name))
    chunk.mark_lines(LineFinder())
    return chunk


def travelled(shaped: Shaped) -> tuple[Shaped, bytes]:
    """Return it as it arrives in another process, and all the bytes that went there."""
    message = pack(shaped)
    arrived: Shaped = pickle.loads(message.body, buffers=[bytearray(view) for view in message.copied])
    return arrived, message.body + b"".join(bytes(view.cast("B")) for view in message.copied)


CHOSEN = {"redact": ["ip", "[0-9]"], "fields": "message,level,status", "where": "message ~ '[a-m]'"}


@pytest.mark.parametrize("options", [{}, CHOSEN])
@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("name", NAMES)
def test_it_is_the_same_when_it_has_travelled(name: str, line_end: bytes, options: dict[str, Any]) -> None:
    text = Log(Choice(name, traces=0.1, damage=0.1)).part(300).data.replace(b"\n", line_end)
    chunk = chunk_of(name, text)
    here = make_shaper(How(Destination(to="jsonl", rejects="-"), Reading(), choose(**options)))(chunk)
    there, _ = travelled(here)
    assert chunk.buffer[: len(text)] == text  # which is what the columns look into on both sides
    for shaped in (here, there):
        shaped.put_in(chunk)
        shaped.account.pieces = ()  # there are none, but of whatever kind
    assert rows_of(there.entries) == rows_of(here.entries)
    assert rows_of(here.entries)
    assert there.entries.lines.tolist() == here.entries.lines.tolist()
    assert [there.entries.raw.value(n) for n in range(9)] == [here.entries.raw.value(n) for n in range(9)]
    assert there.account == here.account


def test_what_is_in_the_chunk_stays_and_the_rest_travels_once() -> None:
    word = b"unmistakable"
    lines = b'127.0.0.1 - %s [01/Jan/2026:00:00:01 +0000] "GET /%s HTTP/1.1" 200 1\n' % (word, word)
    chunk = chunk_of("common", lines * 100)
    here = make_shaper(How(Destination(to="jsonl"), Reading(), choose()))(chunk)
    there, sent = travelled(here)
    there.put_in(chunk)
    assert (there.entries.fields["path"].value(99), word in sent) == (b"/" + word, False)
    own = bytearray(b"!" * 8192)
    columns = {name: column._replace(buffer=own) for name, column in here.entries.fields.items()}
    assert len(columns) > 1
    _, sent = travelled(Shaped(here.account, here.entries._replace(fields=columns)))
    assert sent.count(own) == 1
