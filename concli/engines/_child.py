"""One worker process, as its parent sees it."""

import contextlib
import os
import select
import signal
import subprocess
import sys
from typing import Any

from concli.engines._message import Channel, Gone, Message, pack
from concli.engines._regions import Regions, memory_file
from concli.engines._setup import Setup

__all__ = ["ENVIRONMENT", "Child"]

# The parent's path goes along as it stands, so that what it can import the worker can.
_PROGRAM = (
    "import sys; numbers, sys.path[:] = sys.argv[1].split(','), sys.argv[2:]\n"
    "from concli.engines._worker import main\n"
    "main(*map(int, numbers))"
)
#: What a worker's environment has unless it says otherwise.
ENVIRONMENT = {
    # There is a worker for each CPU already.
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
    # Have glibc keep what a unit frees for the next: to get large buffers from the system each time takes longer than
    # to fill them.
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(256 << 20),
    "MALLOC_TOP_PAD_": str(4 << 20),
    # A Python without a GIL would reserve 1 GiB at once, in KiB, and a limit counts what is reserved.
    "MIMALLOC_ARENA_RESERVE": str(32 << 10),
}


class Child:
    """A process that does units, one at a time. Started when made; raises ``OSError`` if it can't be."""

    def __init__(self, setup: Setup, regions: Regions, memory: int) -> None:
        with contextlib.ExitStack() as ends, contextlib.ExitStack() as ours, contextlib.ExitStack() as theirs:
            commands, to_child = _pipe(theirs, ours)
            self._answers, answers = _pipe(ends, theirs)
            life, self._life = _pipe(theirs, ends)
            file = memory_file()
            ends.callback(os.close, file)
            fds = (commands, answers, file, regions.fd, life)
            self._process = subprocess.Popen(  # noqa: S603 - the words are our own
                [
                    sys.executable,
                    *subprocess._args_from_interpreter_flags(),  # type: ignore[attr-defined] # noqa: SLF001 - -X, -W, -O …
                    "-c",
                    _PROGRAM,
                    ",".join(map(str, fds)),
                    *(folder or os.getcwd() for folder in sys.path),
                ],
                stdin=subprocess.DEVNULL,
                pass_fds=fds,
                env={**ENVIRONMENT, **os.environ},
                process_group=0,  # a terminal's Ctrl-C is for the parent alone, which ends it and all it has started
            )
            self._commands, self._ends = ours.pop_all(), ends.pop_all()
        self.pid = self._process.pid
        self._channel = Channel(self._answers, to_child, file, regions)
        self._is_ready = False
        with contextlib.suppress(Gone):  # then the first unit will find that out
            self._channel.send(pack((*setup, memory)))

    def ask(self, message: Message) -> tuple[Any, int]:
        """Have a unit done; return the answer and its bytes. Raises ``Gone`` if the process has ended."""
        if not self._is_ready:  # one side speaks at a time
            self._is_ready = self._channel.receive()
        self._channel.send(message)
        answer = self._channel.receive()
        return answer, self._channel.received

    def peak_rss_bytes(self) -> int | None:
        """Return the largest resident set it has had; None if it has ended, or the system does not tell."""
        try:
            with open(f"/proc/{self.pid}/status", "rb") as file:
                return next(int(line.split()[1]) * 1024 for line in file if line.startswith(b"VmHWM:"))
        except (OSError, StopIteration):
            return None

    def kill(self) -> None:
        """Kill it and what it has started, unless it is known to have ended. Any thread may."""
        if self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):  # the latter is what macOS says
                os.killpg(self.pid, signal.SIGKILL)

    def dismiss(self) -> None:
        """Let it end by itself."""
        self._commands.close()

    def reap(self, patience_s: float = 0.0) -> int:
        """Give it so many seconds to end, kill it then, and return its exit code; a negative one is a signal's.

        One that was ending has its own exit code, not that of the kill: this was decided before its pipes were closed.
        """
        poll = select.poll()
        poll.register(self._answers, select.POLLIN)
        poll.poll(patience_s * 1000)
        self.kill()
        code = self._process.wait()
        self._commands.close()
        self._ends.close()
        return code


def _pipe(reader: contextlib.ExitStack, writer: contextlib.ExitStack) -> tuple[int, int]:
    """Return both ends of a new pipe; each is closed with its owner's others."""
    ends = os.pipe()
    for owner, end in zip((reader, writer), ends, strict=True):
        owner.callback(os.close, end)
    return ends
