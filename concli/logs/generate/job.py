"""The job: write a log of some size, or as fast as is wanted, and the truth about it."""

import stat
import time
from typing import NamedTuple

from concli.files import Output, open_output
from concli.logs.generate.log import Choice, Log, Part
from concli.metrics import Run

__all__ = ["Job", "generate"]

_AT_ONCE = 1000  # entries
_TICK_S = 0.05  # between two writes, where there is a rate
# That an entry seldom exceeds.
_MUCH_BYTES = 1024
_MUCH_LINES = 8


class Job(NamedTuple):
    """What to write and where: until there are ``size`` bytes or ``lines`` lines, or for ``duration`` seconds.

    Without any of them it goes on until it is stopped. A log ends with a whole entry, so it may have a little
    more. ``rate`` is entries a second, in real time. An ``output`` of None is standard output, and ``truth`` is
    a path for JSON lines: of each entry its first ``line``, ``timestamp``, ``level``, ``message`` and ``fields``
    as a correct reader gets them, and of each line that belongs to none its number, and that it is ``rejected``.
    """

    choice: Choice
    size: int | None = None
    lines: int | None = None
    rate: float | None = None
    duration: float | None = None
    output: str | None = None
    truth: str | None = None


def generate(job: Job, run: Run) -> None:
    """Do the job, registering its stage and counts on ``run``.

    Raises ``OutputError``; on that, and on an interrupt, what stood in a file's place before still stands.
    """
    outputs: list[Output] = []
    try:
        for path in [job.output] if job.truth is None else [job.output, job.truth]:
            outputs.append(open_output(path))  # noqa: PERF401 - if the second fails, the first is to be given up
        _Writing(job, run, outputs).work()
        for output in outputs:
            output.commit()
    except BaseException:
        for output in outputs:
            output.abort()
        raise
    finally:
        run.end()


class _Writing:
    def __init__(self, job: Job, run: Run, outputs: list[Output]) -> None:
        self._job = job
        self._run = run
        self._log = Log(job.choice, with_truth=job.truth is not None)
        self._output, *self._truth = outputs
        self._stage = run.stage("generate", unit="bytes")
        self._totals = dict.fromkeys(("lines", "entries", "continued", "rejected", "bytes_out"), 0)
        run.totals = lambda: dict(self._totals)

    def work(self) -> None:
        """Write the log."""
        began = time.perf_counter()
        written = 0
        while (count := self._next_count(written, time.perf_counter() - began)) is not None:
            if not count:
                time.sleep(_TICK_S)
                continue
            self._write(count)
            written += count
        for truth in self._truth:
            truth.write([self._log.last()])
        totals = self._totals
        accounted = totals["entries"] + totals["continued"] + totals["rejected"]
        self._run.check("lines = entries + continued + rejected", totals["lines"] == accounted, f"{totals['lines']}")
        status = self._output.stat()
        if stat.S_ISREG(status.st_mode) and self._output.is_new:
            size = totals["bytes_out"]
            self._run.check("the output has the bytes that were written", status.st_size == size, f"{size}")

    def _next_count(self, written: int, elapsed_s: float) -> int | None:
        """Return how many entries to write now, None if the log has an end."""
        job, totals = self._job, self._totals
        count = _AT_ONCE
        # Near its end so few that it becomes longer by no more than an entry.
        for wanted, done, much in (
            (job.size, totals["bytes_out"], _MUCH_BYTES),
            (job.lines, totals["lines"], _MUCH_LINES),
        ):
            if wanted is not None and wanted <= done:
                return None
            if wanted is not None:
                count = min(count, max(1, (wanted - done) // much))
        if job.rate is not None:
            if job.duration is not None:
                elapsed_s = min(elapsed_s, job.duration)
            due = int(elapsed_s * job.rate) - written
            if due <= 0 and job.duration is not None and elapsed_s >= job.duration:
                return None
            count = min(count, max(due, 0))
        return count

    def _write(self, count: int) -> None:
        began = time.perf_counter()
        part = self._log.part(count)
        self._output.write([part.data])
        for truth in self._truth:
            truth.write([part.truth])
        _add(self._totals, part)
        self._stage.record(
            time.perf_counter() - began, items_out=part.entries, bytes_out=len(part.data), errors=part.rejected
        )


def _add(totals: dict[str, int], part: Part) -> None:
    for name in ("lines", "entries", "continued", "rejected"):
        totals[name] += getattr(part, name)
    totals["bytes_out"] += len(part.data)
