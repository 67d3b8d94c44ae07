"""What a read-write lock promises: a room that many may look into, or one may change."""

from collections.abc import Iterator
from typing import Any

from concli.patterns import _sync
from concli.patterns._rwlock_turns import Line, Turns
from concli.patterns._waiters import RawLock
from concli.patterns.rwlock import RWLock
from concli.verify.history import Call
from concli.verify.scenario import Operation, Spec

__all__ = ["RWLOCK", "RWLockModel", "Room"]

_State = frozenset[tuple[int, bool]]  # who is at it, or on the way: thread, and whether as a writer


class RWLockModel:
    """Whoever waits may go on in the end; who doesn't wait, or not for ever, is refused for others only.

    That no more are inside than may be, and in the right order, is for the ``Room`` to see.
    """

    initial: _State = frozenset()

    def arrive(self, state: _State, call: Call) -> _State | None:
        """Return the state with the thread in it."""
        return state | {(call.thread, call.name not in {"read", "reread", "upgrade"})}

    def apply(self, state: _State, call: Call) -> Iterator[tuple[Any, _State]]:
        """Yield what the call may return, and the state without its thread."""
        after = frozenset(one for one in state if one[0] != call.thread)
        yield True, after
        is_writer = (call.thread, True) in state
        if call.args not in {(), (True,)} and any(is_writer or other for _, other in after):
            yield False, after


class _Gate:
    """The gate of one wait; counts how often it was come to."""

    def __init__(self, gate: RawLock, ticket: int) -> None:
        self._gate = gate
        self.ticket = ticket
        self.release = gate.release
        self.turns = 0

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        self.turns += 1
        return self._gate.acquire(blocking, timeout)


class _SeenLine(Line):
    """A line that remembers the gates of all waits."""

    def __init__(self) -> None:
        super().__init__()
        self.gates: list[_Gate] = []
        self.own: dict[int, _Gate] = {}  # of the last wait of each thread

    def join(self, me: int) -> RawLock:
        gate = super().join(me)
        seen = self.own[me] = _Gate(gate, len(self.gates))
        self.gates.append(seen)
        self[me] = seen, self[me][1]
        return seen

    def standing(self) -> set[Any]:
        return {gate for gate, _ in list(self.values())}


class Room:
    """A lock, and who is inside in truth. Each method is one visit; False if the lock could not be had."""

    def __init__(self, lock: RWLock) -> None:
        self.lock = lock
        self.readers = self.writers = 0
        self.settled = 0  # of the readers, those that came in as such
        self.reads = self.writes = 0
        self.was_interrupted = False
        self.read_line = lock._read_line = _SeenLine()  # noqa: SLF001 - who stands in line can't be seen from outside
        self.write_line = lock._write_line = _SeenLine()  # noqa: SLF001 - as above
        self.held_back: set[Any] = set()  # readers that stood in line when the last writer left

    def read(self, *args: Any) -> bool:
        """Look in."""
        return self._visit(self._read, *args)

    def reread(self, *args: Any) -> bool:
        """Look in twice."""
        return self._visit(self._read, *args, then=self._read)

    def upgrade(self, *args: Any) -> bool:
        """Look in and try to write, which must be refused at once."""
        return self._visit(self._read, *args, then=self._try_to_write)

    def write(self, *args: Any) -> bool:
        """Change something."""
        return self._visit(self._write, *args)

    def rewrite(self, *args: Any) -> bool:
        """Change something, in there change more, and look; then look on when the changes are done."""
        return self._visit(self._write, *args, then=self._write_and_read_on)

    def downgrade(self, *args: Any) -> bool:
        """Change something, then look at it before anybody changes it again."""
        return self._visit(self._write, *args, then=self._downgrade)

    def _visit(self, enter: Any, *args: Any, then: Any = None) -> bool:
        try:
            return bool(enter(*args, then=then))
        except BaseException:
            self.was_interrupted = True
            raise

    def _read(self, *args: Any, then: Any = None) -> bool:
        me = _sync.get_ident()
        ahead = set() if me in self.lock._readers else self.write_line.standing()  # noqa: SLF001 - as in `__init__`
        if self.lock.prefer == "fair" and not self.settled:
            ahead.clear()  # these are held back, but perhaps a writer has left just now, and they come after that
        writes = self.writes
        if not self.lock.acquire_read(*args):
            return False
        try:
            self.reads += 1
            self.readers += 1
            self.settled += 1
            assert not self.writers, "a reader came in while one wrote"  # noqa: S101 - that is what it is for
            if self.lock.prefer == "writer" or writes == self.writes:
                assert not ahead & self.write_line.standing(), "a reader overtook a writer"  # noqa: S101 - as above
            _sync.checkpoint()
            if then is not None:
                then()
            assert not self.writers, "one wrote while others read"  # noqa: S101 - as above
        finally:
            self.readers -= 1
            self.settled -= 1
            self.lock.release_read()
        return True

    def _try_to_write(self) -> None:
        try:
            self.lock.acquire_write()
        except RuntimeError:
            return
        raise AssertionError("a reader became the writer")

    def _write(self, *args: Any, then: Any = None) -> bool:
        me = _sync.get_ident()
        self.write_line.own.pop(me, None)
        if not self.lock.acquire_write(*args):
            return False
        try:
            self.writes += 1
            self.writers += 1
            assert (self.readers, self.writers) == (0, 1), "more than one writer inside"  # noqa: S101 - as above
            own = self.write_line.own.get(me)
            if own is not None:  # it has stood in line; one that has not may come between
                before = [gate for gate in self.write_line.standing() if gate.ticket < own.ticket]
                assert not before, "a writer overtook one that came before it"  # noqa: S101 - as above
                if self.lock.prefer == "fair":
                    left = self.held_back & self.read_line.standing()
                    assert not left, "a writer overtook readers held back"  # noqa: S101 - as above
            _sync.checkpoint()
            if then is not None:
                then()
                if not self.writers:
                    return True
            assert (self.readers, self.writers) == (0, 1), "more than one writer inside"  # noqa: S101 - as above
        finally:
            if self.writers:
                self._stop_writing()
                self.lock.release_write()
            else:
                self.readers -= 1
                self.lock._release_either()  # noqa: SLF001 - as the end of a `write()` context does
        return True

    def _write_and_read_on(self) -> None:
        lock = self.lock
        with lock.write(), lock.write():
            self.writes += 2
            assert lock.acquire_read(False)  # noqa: S101 - as above
            self.reads += 1
            lock.release_read()
        self._downgrade()

    def _downgrade(self) -> None:
        writes = self.writes
        self._stop_writing()
        self.readers += 1
        self.lock.downgrade()
        self.reads += 1
        _sync.checkpoint()
        assert (writes, self.writers) == (self.writes, 0), "one wrote while others read"  # noqa: S101 - as above

    def _stop_writing(self) -> None:
        self.writers -= 1
        self.held_back = self.read_line.standing()

    def is_empty(self) -> bool:
        """Whether everybody is gone, nothing is left of them, and all that was done has been counted."""
        lock, now = self.lock, self.lock.statistics()
        assert now[:4] == (0, False, 0, 0), now  # noqa: S101 - as above
        if not self.was_interrupted:
            assert (now.reads, now.writes) == (self.reads, self.writes), now  # noqa: S101 - as above
        for line in (self.read_line, self.write_line):
            if line is self.write_line or lock.prefer == "fair":
                turns = max((gate.turns for gate in line.gates), default=0)
                assert turns <= 2, "one was woken in vain more than once"  # noqa: S101 - as above
        return lock._guest is None and not lock._is_closed and not lock._mutex.locked()  # noqa: SLF001 - as above


_WAIT, _TIMED, _AT_ONCE = (), (True, 1.0), (False,)


def _operation(name: str, weight: int, args: tuple[Any, ...] = ()) -> Operation:
    return Operation(name, lambda _random, _serial: args, weight)


RWLOCK = Spec(
    "RWLock",
    lambda prefer="writer": Room(RWLock(prefer)),
    lambda **_: RWLockModel(),
    operations=[
        *(_operation("read", weight, args) for weight, args in ((4, _WAIT), (1, _TIMED), (1, _AT_ONCE))),
        *(_operation("write", weight, args) for weight, args in ((6, _WAIT), (1, _TIMED), (1, _AT_ONCE))),
        *(_operation(name, 1) for name in ("reread", "rewrite", "downgrade", "upgrade")),
    ],
    configs=[{"prefer": "writer"}, {"prefer": "fair"}],
    invariant=Room.is_empty,
    # What is done without the mutex, or while others look without it.
    watched=(RWLock.acquire_read, RWLock.release_read, RWLock.acquire_write, Turns._wait, Turns._admit),  # noqa: SLF001 - as above
    granularity="line",
    interrupts=1,
)
