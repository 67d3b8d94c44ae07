"""Chunks are counted each for itself, and can be sent to where that is done."""

import pickle

from concli.logs.choice.options import choose
from concli.logs.formats.format import Reading
from concli.logs.formats.registry import by_name
from concli.logs.stats.counter import make_counter
from concli.logs.stats.result import document
from concli.logs.stats.summary import Summary
from tests.logs.formats.scanning import chunk_of

LINES = b'{"time": "2026-01-01T00:00:00Z", "level": "INFO", "msg": "took %d ms", "user": "eve"}\n'


def test_each_chunk_is_counted_for_itself() -> None:
    count = make_counter(Reading(), choose(where="user == 'eve'"), ("user",))
    chunk = chunk_of(b"".join(LINES % number for number in range(9)) + b"x\n")
    chunk.format = by_name("json")
    (first,), (second,) = count(chunk), count(chunk)
    assert document(first.summary) == document(second.summary)
    assert (first.summary.entries, first.summary.rejected, first.seen) == (9, 1, frozenset(["user"]))


def test_chunks_and_what_is_counted_can_be_sent() -> None:
    count = make_counter(Reading(), choose(), None)
    chunk = chunk_of(LINES * 1000)
    chunk.format = by_name("json")
    (sent,) = count(pickle.loads(pickle.dumps(chunk, 5)))
    both = Summary()
    both.merge(pickle.loads(pickle.dumps(sent, 5)).summary)
    assert document(both) == document(count(chunk)[0].summary)
