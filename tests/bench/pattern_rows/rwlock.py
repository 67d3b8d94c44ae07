"""RWLock beside fasteners and readerwriterlock, by one thread."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Literal

from concli.patterns import RWLock
from tests.bench.pattern_rows.aims import at_least
from tests.bench.pattern_rows.gate import time_alone
from tests.bench.pattern_rows.row import Contender, Row, Run, Took, peer

__all__ = ["KINDS", "rows"]

KINDS = ("RWLockFair", "RWLockWrite", "RWLockRead")  # of readerwriterlock

Prefer = Literal["writer", "fair"]
_PREFERENCES: tuple[Prefer, ...] = ("writer", "fair")


def rows() -> list[Row]:
    """Return the rows."""
    return [
        *(_pair(prefer, side) for prefer in _PREFERENCES for side in ("read", "write")),
        *(_with("writer", side) for side in ("read", "write")),
    ]


def _pair(prefer: Prefer, side: str) -> Row:
    def concli(operations: int) -> Took:
        lock = RWLock(prefer)
        return _time_pairs(getattr(lock, f"acquire_{side}"), getattr(lock, f"release_{side}"), operations)

    def fasteners(module: Any) -> Run:
        def run(operations: int) -> Took:
            lock = module.ReaderWriterLock()
            acquire, release = getattr(lock, f"acquire_{side}_lock"), getattr(lock, f"release_{side}_lock")
            return _time_pairs(acquire, release, operations)

        return run

    def readerwriterlock(kind: str) -> Callable[[Any], Run]:
        def make(module: Any) -> Run:
            def run(operations: int) -> Took:
                half = getattr(getattr(module, kind)(), f"gen_{side[0]}lock")()  # once: the fastest way to use it
                return _time_pairs(half.acquire, half.release, operations)

            return run

        return make

    return _row(prefer, f"{side} pair", f"acquire_{side} and release_{side}", concli, fasteners, readerwriterlock)


def _with(prefer: Prefer, side: str) -> Row:
    def concli(operations: int) -> Took:
        return _time_with(getattr(RWLock(prefer), side), operations)

    def fasteners(module: Any) -> Run:
        return lambda operations: _time_with(getattr(module.ReaderWriterLock(), f"{side}_lock"), operations)

    def readerwriterlock(kind: str) -> Callable[[Any], Run]:
        def make(module: Any) -> Run:
            return lambda operations: _time_with(getattr(getattr(module, kind)(), f"gen_{side[0]}lock"), operations)

        return make

    return _row(prefer, f"with {side}", f"with lock.{side}(): pass", concli, fasteners, readerwriterlock, aims=())


def _row(
    prefer: Prefer,
    name: str,
    workload: str,
    concli: Run,
    fasteners: Callable[[Any], Run],
    readerwriterlock: Callable[[str], Callable[[Any], Run]],
    aims: Sequence[Any] = (at_least(2.5),),
) -> Row:
    return Row(
        f"RWLock({prefer})",
        name,
        f"{workload}, by one thread",
        "pair",
        [
            Contender(f"concli RWLock({prefer})", concli),
            peer("fasteners", "ReaderWriterLock", fasteners),
            *(peer("readerwriterlock", kind, readerwriterlock(kind), "readerwriterlock.rwlock") for kind in KINDS),
        ],
        aims,
        start=5000,
    )


def _time_pairs(acquire: Callable[[], Any], release: Callable[[], Any], operations: int) -> Took:
    def work() -> int:
        for _ in range(operations):
            acquire()
            release()
        return operations

    return time_alone(work, operations, operations)


def _time_with(hold: Callable[[], AbstractContextManager[Any]], operations: int) -> Took:
    def work() -> int:
        for _ in range(operations):
            with hold():
                pass
        return operations

    return time_alone(work, operations, operations)
