"""What can go wrong that is not concli's fault, each with the exit code it leads to.

::

    Exception
    └── ConcliError                what, where, what to do: one line
        ├── UsageError             2  the call makes no sense
        └── FileError              3  an input or output could not be used
            ├── InputError
            └── OutputError
                └── OutputClosed   141  whoever read the output has gone

A layer may have its own: ``concli.engines`` has ``EngineError`` (3), with ``WorkerLost`` and ``EngineLost``.
"""

import os

__all__ = ["ConcliError", "FileError", "InputError", "OutputClosed", "OutputError", "UsageError"]


class ConcliError(Exception):
    """Base of all errors that a user of concli can cause or mend."""

    exit_code = 1


class UsageError(ConcliError):
    """The arguments make no sense together."""

    exit_code = 2


class FileError(ConcliError):
    """A file could not be used. ``path`` is shown as given."""

    exit_code = 3

    def __init__(self, path: str, problem: str | OSError) -> None:
        self.path = path
        self.problem = _reason(problem) if isinstance(problem, OSError) else problem
        super().__init__(path, self.problem)

    def __str__(self) -> str:
        return f"{self.path}: {self.problem}"


class InputError(FileError):
    """An input could not be read."""


class OutputError(FileError):
    """An output could not be written; what stood there before still stands."""


class OutputClosed(OutputError):  # noqa: N818 - it is an ending rather than an error
    """Whoever read the output has closed it."""

    exit_code = 141


def _reason(error: OSError) -> str:
    return os.strerror(error.errno).lower() if error.errno else str(error)
