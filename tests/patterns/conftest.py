"""What the tests of the patterns share: threads whose failures are seen, and ways to wait for them."""

import ctypes
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any

import pytest

from concli.patterns import _sync

_DEADLINE_S = 10  # no test takes a tenth of it; one that does has hung


class _Outcome(Future[Any]):
    """What a thread returned or raised. What no test has asked for is raised at the end of it."""

    def __init__(self, target: Callable[..., object], args: tuple[object, ...], options: dict[str, object]) -> None:
        super().__init__()
        self.thread = threading.Thread(target=self._run, args=(target, args, options), daemon=True)
        self.is_seen = False

    def _run(self, target: Callable[..., object], args: tuple[object, ...], options: dict[str, object]) -> None:
        try:
            result = target(*args, **options)
        except BaseException as failure:  # noqa: BLE001 - `result` raises it in the test
            self.set_exception(failure)
        else:
            self.set_result(result)

    def result(self, timeout: float | None = _DEADLINE_S) -> Any:
        self.is_seen = True
        return super().result(timeout)


@pytest.fixture
def tiny_switch_interval() -> Iterator[None]:
    """Have threads change places as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.fixture(scope="session")
def begin() -> Callable[..., Future[Any]]:
    """Do as ``spawn`` does, for property tests, which have to ask for every result themselves.

    A thread pool is no place for threads that wait for each other: it may let a task wait for another to end.
    """

    def start(target: Callable[..., object], *args: object, **options: object) -> Future[Any]:
        outcome = _Outcome(target, args, options)
        outcome.thread.start()
        return outcome

    return start


@pytest.fixture
def spawn() -> Iterator[Callable[..., Future[Any]]]:
    """Run ``target(*args, **options)`` in a thread; the future's ``result`` is what comes of it."""
    outcomes: list[_Outcome] = []

    def start(target: Callable[..., object], *args: object, **options: object) -> Future[Any]:
        outcome = _Outcome(target, args, options)
        outcomes.append(outcome)
        outcome.thread.start()
        return outcome

    yield start
    for outcome in outcomes:
        outcome.thread.join(_DEADLINE_S)
        assert not outcome.thread.is_alive(), "a thread has hung"
        if not outcome.is_seen:
            outcome.result()


@pytest.fixture
def throw_into() -> Callable[[Future[Any], type[BaseException]], None]:
    """Raise an exception in a spawned thread as soon as it comes out of the lock that it waits at."""

    def throw(future: Future[Any], error: type[BaseException]) -> None:
        assert isinstance(future, _Outcome)
        assert future.thread.ident is not None
        ident = ctypes.c_ulong(future.thread.ident)
        assert ctypes.pythonapi.PyThreadState_SetAsyncExc(ident, ctypes.py_object(error)) == 1

    return throw


@pytest.fixture
def until() -> Callable[[Callable[[], object]], None]:
    """Wait until a condition that other threads bring about holds."""

    def wait(condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + _DEADLINE_S
        pause = threading.Event()
        while not condition():
            assert time.monotonic() < deadline, "what was waited for has not come"
            pause.wait(0.0005)

    return wait


@pytest.fixture
def interrupt_main(until: Callable[[Callable[[], object]], None]) -> Iterator[Callable[[], None]]:
    """Interrupt the main thread, once, from another.

    A signal that comes in the moment before a thread begins to wait is not seen until the wait ends:
    so it is sent until it has been.
    """
    is_seen = threading.Event()

    def handle(_signal: int, _frame: object) -> None:
        if not is_seen.is_set():
            is_seen.set()
            raise KeyboardInterrupt

    def send() -> bool:
        signal.pthread_kill(main, signal.SIGINT)
        return is_seen.is_set()

    main = threading.get_ident()
    before = signal.signal(signal.SIGINT, handle)
    yield lambda: until(send)
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def set_clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Put a clock that stands still in place of the patterns' own; it starts at 0."""
    now = [0.0]
    monkeypatch.setattr(_sync, "monotonic", lambda: now[0])

    def set_to(seconds: float) -> None:
        now[0] = seconds

    return set_to
