"""RWLock beside fasteners and readerwriterlock, with readers and a writer at the same time."""

from collections.abc import Callable
from typing import Any, Literal

from concli.patterns import RWLock
from tests.bench.pattern_rows.aims import at_least
from tests.bench.pattern_rows.gate import check, together
from tests.bench.pattern_rows.row import Contender, Row, Run, Took, peer
from tests.bench.pattern_rows.rwlock import KINDS

__all__ = ["rows"]

_READERS = 8

# A function that makes a lock and returns two: what gives a reader, and what gives a writer, their own
# acquire and release.
Pair = tuple[Callable[[], Any], Callable[[], Any]]
Make = Callable[[], tuple[Callable[[], Pair], Callable[[], Pair]]]


class _Pair:
    """What the lock guards: two numbers that are the same whenever nobody is writing."""

    def __init__(self) -> None:
        self.one = self.other = 0


def rows() -> list[Row]:
    """Return the rows."""
    return [_row("writer"), _row("fair")]


def _row(prefer: Literal["writer", "fair"]) -> Row:
    return Row(
        f"RWLock({prefer})",
        f"{_READERS} readers and 1 writer",
        "the same number of short sections by each thread, up to the last end (each side: up to its own)",
        "section",
        [
            Contender(f"concli RWLock({prefer})", _run(lambda: _concli(RWLock(prefer)))),
            peer("fasteners", "ReaderWriterLock", lambda module: _run(lambda: _fasteners(module.ReaderWriterLock()))),
            *(peer("readerwriterlock", kind, _readerwriterlock(kind), "readerwriterlock.rwlock") for kind in KINDS),
        ],
        [at_least(2)],
        start=900,
        lengths=3,  # with a GIL each thread should get several turns
    )


def _concli(lock: RWLock) -> tuple[Callable[[], Pair], Callable[[], Pair]]:
    return lambda: (lock.acquire_read, lock.release_read), lambda: (lock.acquire_write, lock.release_write)


def _fasteners(lock: Any) -> tuple[Callable[[], Pair], Callable[[], Pair]]:
    return (
        lambda: (lock.acquire_read_lock, lock.release_read_lock),
        lambda: (lock.acquire_write_lock, lock.release_write_lock),
    )


def _readerwriterlock(kind: str) -> Callable[[Any], Run]:
    def halves(lock: Any) -> tuple[Callable[[], Pair], Callable[[], Pair]]:
        def own(half: Any) -> Pair:
            return half.acquire, half.release

        return lambda: own(lock.gen_rlock()), lambda: own(lock.gen_wlock())

    return lambda module: _run(lambda: halves(getattr(module, kind)()))


def _run(make: Make) -> Run:
    def run(operations: int) -> Took:
        reader, writer = make()
        pair, share = _Pair(), max(1, operations // (_READERS + 1))

        def read() -> int:
            acquire, release = reader()
            torn = 0
            for _ in range(share):
                acquire()
                if pair.one != pair.other:
                    torn += 1
                release()
            return torn

        def write() -> int:
            acquire, release = writer()
            for _ in range(share):
                acquire()
                pair.one += 1
                pair.other += 1
                release()
            return 0

        *readers, last = together([read] * _READERS + [write])
        check((sum(one.result for one in readers), pair.one, pair.other), (0, share, share))
        readers_s = max(one.after_s for one in readers)
        sides = {"readers": share * _READERS / readers_s, "writer": share / last.after_s}
        return Took(max(readers_s, last.after_s), share * (_READERS + 1), sides)

    return run
