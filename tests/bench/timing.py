"""One whole process, timed: wall clock, CPU, peak memory."""

import contextlib
import math
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass

from tests.bench.commands import Command

__all__ = ["CommandError", "Sample", "least_peak_mib", "remove_output", "run"]

# No setting of the caller's reaches the command.
_ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("CONCLI_")}
_MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024


class CommandError(Exception):
    """A command could not be started or did not end with 0."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What one run of a command took."""

    wall_s: float
    cpu_s: float
    peak_mib: float


def run(command: Command) -> Sample:
    """Run ``command``, start-up included. What it wrote is left for the caller."""
    remove_output(command)
    with contextlib.ExitStack() as stack:
        stdout = stack.enter_context(open(command.output if command.to_stdout else os.devnull, "wb"))
        stderr = stack.enter_context(tempfile.TemporaryFile())
        env = {**_ENVIRONMENT, **command.env}
        began = time.perf_counter()
        try:
            process = subprocess.Popen(command.argv, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr, env=env)
        except OSError as error:
            raise CommandError(f"{command.title}: {error}") from error
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            process.kill()
            process.wait()
            raise
        wall_s = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)  # so that nobody waits for it again
        if process.returncode:
            stderr.seek(0)
            said = stderr.read().decode(errors="replace").split("\n")
            last = next((line for line in reversed(said) if line.strip()), "it said nothing")
            raise CommandError(f"{command.title}: exit code {process.returncode}: {last}")
    return Sample(wall_s, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * _MAXRSS_UNIT / 2**20)


def remove_output(command: Command) -> None:
    """Remove the output, if it is a file."""
    if command.output != os.devnull:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(command.output)


def least_peak_mib() -> int:
    """Return the peak below which none can be told: this process's own, which its children begin with."""
    return math.ceil(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _MAXRSS_UNIT / 2**20 + 0.5)
