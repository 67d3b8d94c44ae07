"""To be told at once when a process ends."""

import contextlib
import os
import select
from collections.abc import Iterator

from concli.patterns import ThreadGroup, _sync

__all__ = ["set_at_end_of"]


@contextlib.contextmanager
def set_at_end_of(pid: int, event: _sync.Event) -> Iterator[None]:
    """Have ``event`` set when the process ends, for as long as the block runs.

    Where the system gives no descriptor of a process, or not of this one, nothing is set.
    """
    try:
        process = os.pidfd_open(pid)
    except (OSError, AttributeError):  # it has ended; not Linux, or an old one
        yield
        return
    told, tell = os.pipe()
    try:
        with ThreadGroup() as group:
            group.on_stop(lambda: os.write(tell, b"x"))
            group.spawn(_wait, process, told, event, name="end-of-process")
            try:
                yield
            finally:
                group.stop()
    finally:
        for fd in (process, told, tell):
            os.close(fd)


def _wait(process: int, told: int, event: _sync.Event) -> None:
    poll = select.poll()
    poll.register(process, select.POLLIN)
    poll.register(told, select.POLLIN)
    if any(fd == process for fd, _ in poll.poll()):
        event.set()
