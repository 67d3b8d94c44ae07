"""How a command can fail."""

import signal

__all__ = ["CommandFailed"]

_LONGEST = 500  # characters of what it said last


class CommandFailed(Exception):  # noqa: N818 - it says what happened
    r"""A command ended with an exit status other than 0 or by a signal, or could not be started.

    ``status`` is the exit status, minus the number of the signal, or None if it never ran.

    >>> CommandFailed.of(2, b"usage: cp\ncp: no such file\n")
    CommandFailed('exit status 2: cp: no such file')
    >>> CommandFailed.of(-11, b"")
    CommandFailed('killed by SIGSEGV')
    """

    status: int | None = None

    @classmethod
    def of(cls, status: int, stderr: bytes) -> "CommandFailed":
        """Return the failure of a command that ended with ``status`` and wrote ``stderr``, of which the end will do."""
        lines = [line for line in stderr.decode("utf-8", "backslashreplace").splitlines() if line.strip()]
        failure = cls(": ".join([_what(status), *(line.strip()[-_LONGEST:] for line in lines[-1:])]))
        failure.status = status
        return failure


def _what(status: int) -> str:
    if status >= 0:
        return f"exit status {status}"
    try:
        return f"killed by {signal.Signals(-status).name}"
    except ValueError:
        return f"killed by signal {-status}"
