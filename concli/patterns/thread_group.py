"""Thread group: threads that end together, and whose failures are seen.

Choose it to run a fixed set of long-lived roles (a reader, parsers, a writer). For many short
pieces of work use a pool.

Who waits for whom::

    wait --> every thread's end          a thread that fails --> nobody, all others are told

Classic mistake: to join threads one after the other. The first may wait for one that has failed; have
``on_stop`` end what threads wait at::

    main                  reader                   parser
    join(parser)
                                                   get() waits
                          raises, ends unseen
    waits for the parser                           waits for the reader

>>> with ThreadGroup() as group:
...     group.spawn(print, "at work")
at work
"""

import contextvars
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from types import TracebackType
from typing import Self

from concli.patterns import _sync
from concli.patterns._shutdown import ShutDown
from concli.patterns._waiters import Waiters

__all__ = ["ThreadGroup"]


class ThreadGroup:
    """Run callables in threads of their own; the first that fails stops all.

    Stopping means calling, once, each callback given to ``on_stop``: typically the ``shutdown`` of
    the buffers that the threads wait at. ``wait`` returns when all threads have ended and raises an
    ``ExceptionGroup`` of what they raised, each with its own type and traceback.

    ``around`` is called in every new thread and gives a context manager for its whole life.
    Each thread gets a copy of the context variables of whoever spawned it. The threads are daemons:
    one that is stuck in a system call can't keep an interrupted program from ending: on an interrupt
    the ``with`` block waits ``grace`` seconds for them and no longer.
    """

    def __init__(
        self, *, around: Callable[[], AbstractContextManager[object]] = nullcontext, grace: float = 2.0
    ) -> None:
        self._around = around
        self._grace = grace
        # The mutex guards every field below. Who waits in the line `_idle` is woken when `_alive` falls to 0.
        self._mutex = _sync.Lock()
        self._idle = Waiters()
        self._threads: list[_sync.Thread] = []
        self._starting: set[_sync.Thread] = set()  # of these, those that have not begun to run
        self._alive = 0
        self._failures: list[BaseException] = []
        self._callbacks: list[Callable[[], object]] = []
        self._is_stopped = False

    def on_stop(self, callback: Callable[[], object]) -> None:
        """Have ``callback`` called when the group stops early; at once if it has."""
        with self._mutex:
            if not self._is_stopped:
                self._callbacks.append(callback)
                return
        callback()

    def spawn(self, target: Callable[..., object], *args: object, name: str | None = None) -> None:
        """Run ``target(*args)`` in a new thread. A group that has stopped starts no more."""
        context = contextvars.copy_context()
        thread = _sync.Thread(target=context.run, args=(self._run, target, args), name=name, daemon=True)
        with self._mutex:
            if self._is_stopped:
                return
            self._alive += 1
            self._threads.append(thread)
            self._starting.add(thread)
        try:
            thread.start()
        except BaseException:
            if self._claim(thread):  # else it is an interrupt, too late: the thread runs
                with self._mutex:
                    self._threads.remove(thread)
                self._ended()
            raise

    def stop(self) -> None:
        """Tell all threads to end now; ``wait`` for them, and for what a callback raised, afterwards.

        A callback that is interrupted is called once more, so that nobody waits for it for ever.
        """
        with self._mutex:
            self._is_stopped = True
        # From now on there come no callbacks. Who stops takes them out one by one, which is atomic: no mutex,
        # at which an interrupt might come.
        while self._callbacks:
            try:
                callback = self._callbacks.pop(0)
            except IndexError:
                return  # somebody else took the last
            try:
                callback()
            except Exception as failure:  # noqa: BLE001 - the others must be called, or threads would wait for ever
                with self._mutex:
                    self._failures.append(failure)
            except BaseException:
                try:
                    callback()
                finally:
                    self.stop()
                raise

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until every thread has ended; False if ``timeout`` seconds passed first.

        Raises an ``ExceptionGroup`` if threads failed.
        """
        deadline = _sync.deadline_after(timeout)
        with self._mutex:
            while self._alive:
                if not self._idle.wait(self._mutex, deadline) and self._alive:
                    return False
            threads = list(self._threads)
        for thread in threads:
            thread.join()  # it has run its course; this waits for the last few instructions
        with self._mutex:  # only now: an interrupt while it waited would have lost the failures
            gone = set(threads)
            self._threads = [thread for thread in self._threads if thread not in gone]
            failures, self._failures = self._failures, []
        if failures:
            try:
                raise BaseExceptionGroup("threads failed", failures)
            finally:
                failures.clear()  # or the traceback would hold this frame, and this frame the failures
        return True

    def _claim(self, thread: _sync.Thread) -> bool:
        """Decide what becomes of a thread that is starting: whoever asks first may run it or give it up."""
        with self._mutex:
            is_first = thread in self._starting
            self._starting.discard(thread)
        return is_first

    def _run(self, target: Callable[..., object], args: tuple[object, ...]) -> None:
        if not self._claim(_sync.current_thread()):
            return
        try:
            with self._around():
                target(*args)
        except BaseException as failure:  # noqa: BLE001 - `wait` raises it where it can be seen
            with self._mutex:
                # After a stop this only says that the stop has reached the thread.
                if not (self._is_stopped and isinstance(failure, ShutDown)):
                    self._failures.append(failure)
            self.stop()
        finally:
            self._ended()

    def _ended(self) -> None:
        with self._mutex:
            self._alive -= 1
            if not self._alive:
                self._idle.wake_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self.wait()
                return
        except ExceptionGroup:
            raise
        except BaseException as interrupt:  # while waiting
            self._stop_and_settle(interrupt)
            raise
        self._stop_and_settle(error)

    def _stop_and_settle(self, error: BaseException) -> None:
        """Stop because of ``error``, and give the threads a moment.

        What they raise now matters less than what stopped them. If one had failed before, that will be
        why the block has failed, and is raised.
        """
        with self._mutex:
            is_cause = bool(self._failures) and isinstance(error, Exception)
        self.stop()
        try:
            self.wait(self._grace)
        except Exception:
            if is_cause:
                raise
