r"""A command that runs as if it had been started without us: the same streams, terminal, signals and exit code.

It stays in our process group. What the terminal sends (Ctrl-C, Ctrl-\) therefore reaches it by itself; what somebody
sends to us is handed on. We outlive it in any case but one, SIGKILL, which leaves it to run on.

Source: "Exit Status for Commands" of POSIX's shell language; environ(7) and signal(7) for what a process inherits.
"""

import contextlib
import os
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from concli.errors import ConcliError
from concli.patterns import Future, Promise, ThreadGroup

__all__ = ["Command", "Ending", "StartError", "launched"]

_RSS_UNIT = 1 if sys.platform == "darwin" else 1024  # bytes
_NOT_FOUND, _NOT_EXECUTABLE = 127, 126
_FROM_TERMINAL = {signal.SIGINT, signal.SIGQUIT}
_HANDED_ON = _FROM_TERMINAL | {signal.SIGHUP, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2}
# What Python itself ignores, and a program it starts does not expect to be.
_IGNORED_BY_PYTHON = [signal.SIGPIPE, signal.SIGXFSZ]


class StartError(ConcliError):
    """There is no such command (exit code 127), or it can't be executed (126), as shells have it."""

    def __init__(self, name: str, error: OSError) -> None:
        missing = isinstance(error, FileNotFoundError)
        self.exit_code = _NOT_FOUND if missing else _NOT_EXECUTABLE
        reason = "command not found" if missing else f"it can't be executed: {os.strerror(error.errno or 0).lower()}"
        super().__init__(f"{name}: {reason}")


class Ending(NamedTuple):
    """How a command ended. The seconds are those of all its processes that it waited for.

    ``exit_code`` is its own, or 128 plus the number of the signal that killed it; ``signal`` is the name of that.
    No process of them had more memory than ``peak_rss_bytes``; it may be ours, which the first one had at its start.
    """

    exit_code: int
    signal: str | None
    user_s: float
    system_s: float
    peak_rss_bytes: int


class Command:
    """A command that runs, or has ended and still can be looked at."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._end: Promise[None] = Promise()
        #: Resolved when it has ended; until the block is over the system knows its figures.
        self.ended: Future[None] = self._end.future
        #: Set when the block is over.
        self.ending: Ending | None = None

    def wait(self) -> None:
        """Wait until it has ended, and leave its figures where they are."""
        os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)

    def has_ended(self) -> bool:
        """Return whether it has ended."""
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is not None

    def announce_end(self) -> None:
        """Wait until it has ended, and resolve ``ended``. A thread of its own calls this."""
        self._end.run(self.wait)


@contextlib.contextmanager
def launched(words: Sequence[str], environment: Mapping[str, str] | None = None) -> Iterator[Command]:
    """Run a command beside the block, and wait for its end, whatever becomes of the block.

    Meanwhile signals that ask us to do something (HUP, INT, QUIT, TERM, USR1, USR2) are handed on, once, and do
    nothing else. Must be used by the main thread. Raises ``StartError``.
    """
    told, tell = os.pipe()
    os.set_blocking(tell, False)
    with _handed(told, tell), _signals_noted(tell):
        command = Command(_start(words, os.environ if environment is None else environment))
        group = ThreadGroup()
        try:
            group.spawn(_hand_on, told, command.pid, name="signals to the command")
            group.spawn(command.announce_end, name="end of the command")
            yield command
        finally:
            command.wait()
            os.write(tell, b"\0")  # no signal has this number
            group.wait()
            command.ending = _reaped(command.pid)


def _start(words: Sequence[str], environment: Mapping[str, str]) -> int:
    # Not `subprocess`: that would close what else we were given, the pipes of <(...) in a shell, say.
    try:
        return os.posix_spawnp(words[0], list(words), environment, setsigdef=_IGNORED_BY_PYTHON)
    except OSError as error:
        raise StartError(words[0], error) from error


def _reaped(pid: int) -> Ending:
    _, status, usage = os.wait4(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    name = _name(-code) if code < 0 else None
    return Ending(128 - code if code < 0 else code, name, usage.ru_utime, usage.ru_stime, usage.ru_maxrss * _RSS_UNIT)


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # a real-time signal
        return f"signal {number}"


@contextlib.contextmanager
def _handed(*descriptors: int) -> Iterator[None]:
    """Close them at the end."""
    try:
        yield
    finally:
        for descriptor in descriptors:
            os.close(descriptor)


@contextlib.contextmanager
def _signals_noted(tell: int) -> Iterator[None]:
    """Have the numbers of signals written there, and nothing else come of them."""
    before: dict[int, Any] = {}
    wakeup = signal.set_wakeup_fd(tell, warn_on_full_buffer=False)
    try:
        for number in _HANDED_ON:
            if signal.getsignal(number) is not signal.SIG_IGN:  # then the command ignores it as well
                before[number] = signal.signal(number, lambda *_: None)
        yield
    finally:
        signal.set_wakeup_fd(wakeup, warn_on_full_buffer=False)
        for handled, handler in before.items():
            signal.signal(handled, handler)


def _hand_on(told: int, pid: int) -> None:
    """Send the command what is noted, until a 0 is."""
    while number := int(os.read(told, 1)[0]):
        # A Ctrl-C reaches all in the foreground of the terminal; to hand it on would be a second one.
        if number in _HANDED_ON and not (number in _FROM_TERMINAL and _is_in_foreground()):
            os.kill(pid, number)  # it is there until it is waited for, after this


def _is_in_foreground() -> bool:
    """Return whether there is a terminal that sends its signals to our process group."""
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)
