"""The two sides of a read-write lock behind the protocol of ``threading.Lock`` and ``threading.RLock``.

For CPython's own suite (``test.lock_tests``): ``WriteSideLock`` goes where ``RLockTests`` wants a
``locktype``, ``ReadSideLock`` too. What means something else here is in ``NOT_THE_SAME`` of each class,
by the name of the test, with the reason.
"""

from typing import ClassVar, Self

from concli.patterns import _sync
from concli.patterns.rwlock import RWLock


class _SideLock:
    NOT_THE_SAME: ClassVar[dict[str, str]] = {}

    def __init__(self) -> None:
        self._lock = RWLock()

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        if timeout > _sync.TIMEOUT_MAX:
            raise OverflowError("timeout value is too large")  # RWLock takes it, and waits as long as can be
        return self._acquire(blocking, None if timeout == -1 else timeout)

    def release(self) -> None:
        raise NotImplementedError

    def locked(self) -> bool:
        raise NotImplementedError

    def _acquire(self, blocking: bool, timeout: float | None) -> bool:
        raise NotImplementedError

    def _recursion_count(self) -> int:
        raise NotImplementedError

    def _is_owned(self) -> bool:
        return self._recursion_count() > 0

    def _release_save(self) -> int:
        count = self._recursion_count()
        self.release()
        for _ in range(count - 1):
            self.release()
        return count

    def _at_fork_reinit(self) -> None:
        self._lock = RWLock()

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def __repr__(self) -> str:
        state = "locked" if self.locked() else "unlocked"
        return f"<{state} {type(self).__name__} object at {id(self):#x}>"


_OWNED = "a hold belongs to a thread, as that of threading.RLock does"


class WriteSideLock(_SideLock):
    """The lock as its writers see it."""

    # Of LockTests; of RLockTests nothing.
    NOT_THE_SAME: ClassVar[dict[str, str]] = {
        "test_reacquire": "who has it may acquire it again; RLockTests.test_reacquire takes its place",
        "test_different_thread": f"{_OWNED}; RLockTests.test_different_thread takes its place",
        "test_state_after_timeout": "it wants the thread that has the lock kept out, and that may acquire it again",
    }

    def release(self) -> None:
        self._lock.release_write()

    def locked(self) -> bool:
        return self._lock.statistics().is_written

    def _acquire(self, blocking: bool, timeout: float | None) -> bool:
        return self._lock.acquire_write(blocking, timeout)

    def _recursion_count(self) -> int:
        return self._lock._depth + 1 if self._lock._writer == _sync.get_ident() else 0


class ReadSideLock(_SideLock):
    """The lock as its readers see it."""

    NOT_THE_SAME: ClassVar[dict[str, str]] = {
        **WriteSideLock.NOT_THE_SAME,
        "test_try_acquire_contended": "readers read together",
        "test_acquire_contended": "readers read together",
        "test_timeout": "it expects a second thread to be kept out, and readers read together",
    }

    def release(self) -> None:
        self._lock.release_read()

    def locked(self) -> bool:
        return self._lock.statistics().readers > 0

    def _acquire(self, blocking: bool, timeout: float | None) -> bool:
        return self._lock.acquire_read(blocking, timeout)

    def _recursion_count(self) -> int:
        return self._lock._readers.get(_sync.get_ident(), 0)
