"""Signals that ask a process to end become an exception in the main thread, wherever that waits."""

import contextlib
import gc
import os
import queue
import signal
import threading
from types import FrameType

__all__ = ["SIGNALS", "Stopped", "raise_on_signals"]

#: The name of the thread that watches for them.
SIGNALS = "signals"

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_PATIENCE_S = 0.1


class Stopped(BaseException):
    """A signal asked the process to end. Not an ``Exception``: nobody should think they can handle it."""

    def __init__(self, signum: int) -> None:
        self.exit_code = 128 + signum
        self.name = signal.Signals(signum).name
        super().__init__(self.name)


def raise_on_signals() -> None:
    """Have the signals that ask a process to end raise ``Stopped``, once, in the main thread."""
    has_come: queue.SimpleQueue[None] = queue.SimpleQueue()  # the one queue that a handler may put into

    def stop(signum: int, _frame: FrameType | None) -> None:
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_IGN)  # cleaning up is quick, and must not be torn apart
        # What is interrupted may leave cycles with memoryviews whose buffers are in use. To collect those crashes some
        # interpreters (CPython's issue 77894), and there is little left to do. Not gc.disable(): others may enable it.
        gc.set_threshold(0)
        has_come.put(None)
        raise Stopped(signum)

    told, tell = os.pipe()
    os.set_blocking(tell, False)
    signal.set_wakeup_fd(tell, warn_on_full_buffer=False)
    threading.Thread(target=_insist, args=(told, has_come), name=SIGNALS, daemon=True).start()
    for number in _SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup, or a job in the background
            with contextlib.suppress(OSError):
                signal.signal(number, stop)


def _insist(told: int, has_come: "queue.SimpleQueue[None]") -> None:
    """Send a signal again, to the main thread, until its handler has run.

    The interpreter only notes a signal, and runs the handler between two instructions. A main thread
    that is just about to wait for a lock, or whose signal another thread has received, would wait on.
    """
    while True:
        number = os.read(told, 1)[0]
        while number in _SIGNALS:
            try:
                return has_come.get(timeout=_PATIENCE_S)
            except queue.Empty:
                signal.pthread_kill(threading.main_thread().ident or 0, number)
