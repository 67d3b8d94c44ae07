"""One whole process, timed: wall clock, CPU, peak memory."""

import contextlib
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass

from commands import Command

__all__ = ["CommandFailed", "Sample", "own_peak_mib", "remove_output", "run"]

_BYTES_PER_MAXRSS = 1 if sys.platform == "darwin" else 1024


class CommandFailed(Exception):  # noqa: N818
    """A command could not be started or did not end with 0."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What one run of a command took."""

    wall_s: float
    cpu_s: float
    peak_mib: float


def run(command: Command) -> Sample:
    """Run ``command``, start-up included. Its output is left for the caller."""
    remove_output(command)
    with contextlib.ExitStack() as stack:
        stdout = stack.enter_context(open(command.output if command.to_stdout else os.devnull, "wb"))
        errors = stack.enter_context(tempfile.TemporaryFile())
        began = time.perf_counter()
        try:
            process = subprocess.Popen(
                command.argv,
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=errors,
                env={**os.environ, **command.env},
            )
        except OSError as error:
            raise CommandFailed(f"{command.group}, {command.name}: {error}") from error
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            process.kill()
            process.wait()
            raise
        wall_s = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)  # it has been waited for already
        if process.returncode:
            errors.seek(0)
            said = errors.read().decode(errors="replace").strip().splitlines() or ["it said nothing"]
            raise CommandFailed(f"{command.group}, {command.name}: exit code {process.returncode}: {said[-1]}")
    peak_mib = usage.ru_maxrss * _BYTES_PER_MAXRSS / 2**20
    return Sample(wall_s, usage.ru_utime + usage.ru_stime, peak_mib)


def remove_output(command: Command) -> None:
    """Remove the output file, if it is one."""
    if command.output != os.devnull:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(command.output)


def own_peak_mib() -> float:
    """Return this process's peak, below which that of a child can't be told: it inherits it."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _BYTES_PER_MAXRSS / 2**20
