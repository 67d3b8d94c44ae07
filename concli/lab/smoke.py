"""The job behind ``concli smoke``: every command on a small workload, each in a process of its own.

A process keeps a command that crashes or hangs from the others, and is what a user starts.
"""

import contextlib
import os
import shlex
import sysconfig
import tempfile
from collections import deque
from collections.abc import Mapping, Sequence
from time import perf_counter
from typing import Any, Literal, NamedTuple

from concli.errors import OutputError
from concli.lab._children import Children, Ended
from concli.lab._smoke_call import environment, judge, this_concli
from concli.lab.smoke_cases import Case
from concli.metrics import Check, Run
from concli.metrics.host import host
from concli.patterns import ThreadGroup, _sync

__all__ = ["Outcome", "Row", "Smoke"]

Outcome = Literal["waiting", "running", "ok", "failed", "skipped"]

_OUTPUT_KEPT = 4000  # characters of what a command that failed said


class Row(NamedTuple):
    """What came of one command. ``gil`` is whether it ended with the GIL on, None where it does not tell."""

    command: str
    outcome: Outcome = "waiting"
    seconds: float = 0.0
    calls: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()
    items: int | None = None
    items_s: float = 0.0  # the seconds that these took
    gil: bool | None = None
    gil_enabled_by: str | None = None
    output: str = ""  # of one that failed, the end of its standard error

    @property
    def failure(self) -> str | None:
        """The first check that failed, or why it was skipped, in a line."""
        if self.outcome == "skipped":
            return "stopped before its end"
        failed = next((check for check in self.checks if not check.passed), None)
        return failed and " ".join(f"{failed.name}: {failed.detail}".split())

    def plain(self) -> dict[str, Any]:
        """Return the row for the report."""
        told = self._asdict()
        items_s = told.pop("items_s")
        told["items_per_s"] = self.items / items_s if self.items is not None and items_s else None
        return {**told, "failure": self.failure}


class Smoke:
    """One run of the job; its rows are there to be read at any time, by any thread.

    ``at_once`` commands run at a time, and each of their calls is killed after ``timeout_s`` seconds.
    ``program`` is how concli is started, by default with this interpreter and what it imports from.
    """

    def __init__(
        self, cases: Sequence[Case], run: Run, *, at_once: int, timeout_s: float, program: Sequence[str] | None = None
    ) -> None:
        self._run = run
        self._at_once = at_once
        self._timeout_s = timeout_s
        self._program = list(program or this_concli())
        self._children = Children()
        self._waiting = deque(cases)
        self._mutex = _sync.Lock()
        commands = sorted(case.command for case in cases)
        self._rows = {command: Row(command) for command in commands}  # guarded by the mutex
        run.totals, run.result = self._totals, self._result

    def smoke(self) -> None:
        """Run all commands. Each becomes a check of the run, however it ends.

        Raises ``OutputError`` if there is no place for temporary files.
        """
        try:
            with _temporary() as folder, ThreadGroup(around=self._run.threads.watch) as group:
                group.on_stop(self._children.kill)
                for number in range(min(self._at_once, len(self._rows))):
                    group.spawn(self._work, folder, name=f"smoke-{number + 1}")
        finally:
            self._children.kill()  # a thread that could not be stopped in time starts nothing any more
            for row in self.rows():
                if row.outcome in {"waiting", "running"}:
                    self._tell(row._replace(outcome="skipped"))
            for row in self.rows():
                passed = f"{sum(check.passed for check in row.checks)} of {len(row.checks)} checks passed"
                self._run.check(row.command, row.outcome == "ok", row.failure or passed)
            self._run.end()

    def rows(self) -> list[Row]:
        """Return the rows as they stand now."""
        with self._mutex:
            return list(self._rows.values())

    def _tell(self, row: Row) -> None:
        with self._mutex:
            self._rows[row.command] = row

    def _work(self, folder: str) -> None:
        while True:
            try:
                case = self._waiting.popleft()  # which is atomic
            except IndexError:
                return
            began = perf_counter()
            self._tell(Row(case.command, "running"))
            row = self._row(case, os.path.join(folder, case.command.replace(" ", "-")))
            if row is None:
                return
            row = row._replace(seconds=perf_counter() - began)
            self._tell(row)
            self._run.threads.count(errors=row.outcome == "failed")
            if self._run.trace is not None:
                self._run.trace.span(case.command, row.seconds)

    def _row(self, case: Case, folder: str) -> Row | None:
        """Return what came of a command; None if all was stopped."""
        row, output = Row(case.command), ""
        try:
            os.mkdir(folder)
            case.prepare(folder)
        except OSError as error:
            return row._replace(outcome="failed", checks=(Check("its input can be written", False, str(error)),))
        for options in case.calls:
            words = [*case.command.split(), *shlex.split(options)]
            if case.answer == "report":
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(os.path.join(folder, "report.json"))  # of the call before
                words += ["--report", "report.json", "--quiet", "--verbose", "--no-live"]
            try:
                ended = self._children.run(
                    [*self._program, *words], folder=folder, env=environment(), timeout_s=self._timeout_s
                )
            except OSError as error:
                ended = Ended(127, "", f"it can't be started: {error}", timed_out=False)
            if ended is None:
                return None
            told = judge(case, options, ended, folder, self._timeout_s)
            output += ended.stderr
            row = row._replace(
                calls=(*row.calls, shlex.join(["concli", *words])),
                checks=(*row.checks, *told.checks),
                items=told.items,
                items_s=told.items_s,
                gil=row.gil if told.gil is None else told.gil,
                gil_enabled_by=row.gil_enabled_by or told.gil_enabled_by,
            )
        if all(check.passed for check in row.checks):
            return row._replace(outcome="ok")
        return row._replace(outcome="failed", output=output[-_OUTPUT_KEPT:])

    def _totals(self) -> dict[str, int]:
        rows = self.rows()
        outcomes: tuple[Outcome, ...] = ("ok", "failed", "skipped")
        return {
            "commands": len(rows),
            **{outcome: sum(row.outcome == outcome for row in rows) for outcome in outcomes},
            "checks": sum(len(row.checks) for row in rows),
            "checks_passed": sum(check.passed for row in rows for check in row.checks),
        }

    def _result(self) -> Mapping[str, object]:
        rows = self.rows()
        return {
            "commands": [row.plain() for row in rows],
            "free_threaded": bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
            "gil": host().gil or any(row.gil for row in rows),
            "gil_enabled_by": {row.command: row.gil_enabled_by for row in rows if row.gil_enabled_by is not None},
        }


def _temporary() -> "tempfile.TemporaryDirectory[str]":
    try:
        return tempfile.TemporaryDirectory(prefix="concli-smoke-", ignore_cleanup_errors=True)
    except OSError as error:
        raise OutputError("the directory for temporary files", error) from error
