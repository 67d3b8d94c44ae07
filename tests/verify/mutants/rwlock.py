"""Read-write locks with one mistake each."""

from collections.abc import Callable
from typing import Any

from concli.patterns import RWLock, _sync
from concli.patterns._rwlock_turns import Line
from concli.verify.models.rwlock import Room


def room(kind: type[RWLock]) -> Callable[..., Room]:
    return lambda prefer: Room(kind(prefer))


class LeavesTheLineFirst(RWLock):
    """Takes a thread out of its line before it is the holder: it may see the one and not yet be the other."""

    def _admit(self) -> None:
        now = _sync.monotonic()
        if self._writer is None:
            is_write = bool(self._write_line) and not (self._readers_first and self._read_line)
            line = self._write_line if is_write else self._read_line
            for who in ([] if self._readers else [next(iter(line))]) if is_write else list(line):
                reads = self._reads.get(who, 0)
                gate, came = line[who]
                del line[who]
                line.ended_s += now - came
                if is_write:
                    self._writer = who
                    self._writes += 1
                else:
                    self._readers[who] = 1
                    self._reads[who] = reads + 1
                self._is_overdue = False
                if self._guest == who:
                    self._guest = None
                else:
                    gate.release()
        self._is_closed = self._writer is not None or bool(self._write_line)
        self._readers_first = self._readers_first and bool(self._read_line)


class LooksThenEnters(RWLock):
    """A reader that looks whether the lock is closed before it enters itself."""

    def acquire_read(self, blocking: bool = True, timeout: float | None = None) -> bool:
        me = _sync.get_ident()
        if me in self._readers or self._is_closed:
            return super().acquire_read(blocking, timeout)
        self._readers[me] = 1
        self._reads[me] = self._reads.get(me, 0) + 1
        return True


class TellsNobody(RWLock):
    """The last reader wakes no writer."""

    def release_read(self) -> None:
        me = _sync.get_ident()
        self._readers[me] -= 1
        if not self._readers[me]:
            del self._readers[me]


class StaysInLine(RWLock):
    """One whose time is up stays in the line."""

    def _leave(self, line: Line, me: int) -> None:
        pass


class NeverFair(RWLock):
    """Prefers the writer, whatever was asked for."""

    _readers_first: Any = property(lambda _: False, lambda _, __: None)


class NeverHandsOver(RWLock):
    """Wakes, and lets the next one take the lock before the woken one comes, again and again."""

    _is_overdue: Any = property(lambda _: False, lambda _, __: None)


class ForgetsTheClosed(RWLock):
    """A reader that may not become the writer has closed the lock, and leaves the mutex before it opens it again."""

    def acquire_write(self, blocking: bool = True, timeout: float | None = None) -> bool:
        if _sync.get_ident() not in self._readers:
            return super().acquire_write(blocking, timeout)
        try:
            with self._mutex:
                self._is_closed = True
                raise RuntimeError
        finally:
            self._put_right(self._write_line, _sync.get_ident())
