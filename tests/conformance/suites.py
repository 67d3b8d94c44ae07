"""Which of CPython's own suites are run against which of concli's classes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace

from concli import patterns
from tests.conformance.stand_ins import Queue, ThreadPoolExecutor
from tests.patterns.lock_adapters import ReadSideLock, WriteSideLock


@dataclass(frozen=True)
class Suite:
    """A class of tests, and what it is to test."""

    module: str  # in the interpreter's `test` package
    case: str
    ours: str
    attributes: Mapping[str, object] = field(default_factory=dict)  # by which the tests find what they test
    left_out: Mapping[str, str] = field(default_factory=dict)  # the test's name and why

    @property
    def name(self) -> str:
        return f"{self.module}.{self.case}"


_QUEUE = {"queue": SimpleNamespace(Queue=Queue, Empty=patterns.Empty, Full=patterns.Full, ShutDown=patterns.ShutDown)}
_FAILING_QUEUE = "it overrides `_put` and `_get` of `queue.Queue`, and `BoundedBuffer` has no such hooks"
_WRITE_SIDE = {"locktype": WriteSideLock}
_READ_SIDE = {"locktype": ReadSideLock}
# What a plain lock and an RLock differ in, the sides of ours do as an RLock does.
_READERS_TOGETHER = {
    test: reason for test, reason in ReadSideLock.NOT_THE_SAME.items() if test not in WriteSideLock.NOT_THE_SAME
}
_POOL = {"executor_type": ThreadPoolExecutor}
_FUTURES = "test_concurrent_futures"

SUITES = [
    Suite("test_queue", "QueueTest", "BoundedBuffer", _QUEUE),
    Suite("test_queue", "FailingQueueTest", "BoundedBuffer", _QUEUE, {"test_failing_queue": _FAILING_QUEUE}),
    Suite("lock_tests", "BarrierTests", "Barrier", {"barriertype": patterns.Barrier}),
    Suite("lock_tests", "RLockTests", "RWLock, write side", _WRITE_SIDE),
    Suite("lock_tests", "LockTests", "RWLock, write side", _WRITE_SIDE, WriteSideLock.NOT_THE_SAME),
    Suite("lock_tests", "RLockTests", "RWLock, read side", _READ_SIDE, _READERS_TOGETHER),
    Suite("lock_tests", "LockTests", "RWLock, read side", _READ_SIDE, ReadSideLock.NOT_THE_SAME),
    Suite(f"{_FUTURES}.test_future", "FutureTests", "Future"),
    Suite(f"{_FUTURES}.test_wait", "ThreadPoolWaitTests", "ThreadPool, Future", _POOL),
    Suite(f"{_FUTURES}.test_as_completed", "ThreadPoolAsCompletedTest", "ThreadPool, Future", _POOL),
    Suite(f"{_FUTURES}.test_thread_pool", "ThreadPoolExecutorTest", "ThreadPool", _POOL),
    Suite(f"{_FUTURES}.test_shutdown", "ThreadPoolShutdownTest", "ThreadPool", _POOL),
    Suite(f"{_FUTURES}.test_init", "ThreadPoolInitializerTest", "ThreadPool", _POOL),
    Suite(f"{_FUTURES}.test_init", "ThreadPoolFailingInitializerTest", "ThreadPool", _POOL),
    Suite("test_threading_local", "BaseLocalTest", "ThreadAttributes", {"_local": patterns.ThreadAttributes}),
]
