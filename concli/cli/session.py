"""Around a job: the live table while it runs; then, from one snapshot, table, JSON, report and exit code."""

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from concli.cli._output import is_terminal, put
from concli.cli.boundary import complain
from concli.cli.options import Common
from concli.cli.signals import Stopped
from concli.errors import OutputError
from concli.files import write_whole
from concli.metrics import Report, Run, Trace

if TYPE_CHECKING:
    from rich.console import RenderableType

__all__ = ["Session", "Table", "session"]


class Table(Protocol):
    """Draws a report, while the run goes on and at its end; see ``concli.cli.table.render``."""

    def __call__(self, report: Report, *, expected: int | None, ending: str) -> "RenderableType":
        """Return the drawing."""
        ...


@dataclass(slots=True)
class Session:
    """A job that is being run for a command. ``exit_code`` may be set; a failed check makes it at least 1.

    ``epilogue`` is called when all is over, however it ended, before the table.
    """

    run: Run
    complain: Callable[[object], None]
    exit_code: int = 0
    epilogue: Callable[[], None] = lambda: None


@contextlib.contextmanager
def session(
    command: str,
    config: dict[str, object],
    common: Common,
    *,
    data_on_stdout: bool = False,
    table: Table | None = None,
) -> Iterator[Session]:
    """Show and report what happens in the block, however it ends.

    ``table`` draws a report, if it is to be drawn otherwise than as stages. On a terminal that also shows
    the data there is no live table unless asked for: it would tear both.
    """
    trace = Trace() if common.trace else None
    run = Run(command, config, trace)
    this = Session(run, lambda problem: complain(str(problem)))
    stopped: Stopped | None = None
    try:
        with _published(run), _live(run, common, table or _stages, data_on_stdout=data_on_stdout):
            yield this
    except Stopped as signal:
        stopped = signal
    report = run.snapshot()
    this.epilogue()
    if not common.quiet and (report.stages or table):
        _print_table(report, table or _stages, f"stopped by {stopped.name}" if stopped else "")
    if trace is not None and common.trace:
        write_whole(common.trace, trace.to_json().encode())
    if common.report:
        write_whole(common.report, report.to_json().encode() + b"\n")
    if common.json:
        put(report.to_json())
    if stopped:
        raise stopped
    for check in report.checks:
        if not check.passed:
            complain(f"check failed: {check.name}: {check.detail}")
            this.exit_code = this.exit_code or 1


@contextlib.contextmanager
def _published(run: Run) -> Iterator[None]:
    """Let ``concli monitor`` ask what the threads count, if it has started us; it is no reason to fail."""
    with contextlib.ExitStack() as stack:
        if os.environ.get("CONCLI_PUBLISH") == "1":
            from concli.metrics.publish import publish  # noqa: PLC0415 - most runs are not watched

            with contextlib.suppress(OutputError):
                stack.enter_context(publish(run.threads))
        yield


@contextlib.contextmanager
def _live(run: Run, common: Common, table: Table, *, data_on_stdout: bool) -> Iterator[None]:
    """Show the table on standard error for as long as the block runs, if it should be shown."""
    shown = common.live
    if shown is None:
        torn = data_on_stdout and is_terminal(sys.stdout)
        shown = is_terminal(sys.stderr) and not torn and os.environ.get("TERM") != "dumb" and not common.quiet
    if not shown:
        yield
        return
    from rich.console import Console  # noqa: PLC0415 - half the start-up of a short run
    from rich.live import Live  # noqa: PLC0415

    console = Console(stderr=True, force_terminal=True if common.live else None)
    with Live(
        console=console,
        get_renderable=lambda: table(run.snapshot(), expected=run.bytes_expected, ending=""),
        transient=True,
        refresh_per_second=4,
        redirect_stdout=False,
    ):
        yield


def _stages(report: Report, *, expected: int | None, ending: str) -> "RenderableType":
    from concli.cli.table import render  # noqa: PLC0415 - as above

    return render(report, expected=expected, ending=ending)


def _print_table(report: Report, table: Table, ending: str) -> None:
    from rich.console import Console  # noqa: PLC0415 - as above

    with contextlib.suppress(BrokenPipeError):
        Console(stderr=True).print(table(report, expected=None, ending=ending))
