"""The options that describe a workload, spelled alike on every pattern's command, and the running of it."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from concli.cli.options import Common, common_options_without, seed_option
from concli.cli.quantities import duration_of, rate_of, share_of
from concli.errors import UsageError

if TYPE_CHECKING:
    from rich.console import RenderableType

    from concli.lab import Experiment, Workload
    from concli.metrics import Report

__all__ = ["Lab", "count_option", "lab_options", "run_experiment", "work_option"]


class Lab(NamedTuple):
    """The values of the options that all patterns have."""

    ops: int | None
    duration: float | None
    rate: float | None
    fail: float
    warmup: float
    seed: int
    compare: bool

    def workload(self) -> "Workload":
        """Return them as the job takes them; without an end given, two seconds."""
        from concli.lab import Workload  # noqa: PLC0415 - help must not wait for it

        if self.ops is not None and self.duration is not None:
            raise UsageError("--ops and --duration: a run ends by one of them; give only one")
        duration = 2.0 if self.ops is None and self.duration is None else self.duration
        return Workload(self.ops, duration, self.rate, self.fail, self.warmup, self.seed, self.compare)


def lab_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the workload's and the common options to a command: its first two arguments, a ``Lab`` and a ``Common``."""

    @wraps(command)
    def with_lab(common: Common, **values: Any) -> Any:
        lab = Lab(**{name: values.pop(name) for name in Lab._fields})
        return command(lab, common, **values)

    wrapped = common_options_without("threads")(with_lab)
    for option in reversed(_OPTIONS):
        wrapped = option(wrapped)
    return wrapped


def count_option(name: str, default: int, text: str, *, least: int = 1) -> Callable[[Any], Any]:
    """Return an option that is a number of threads, places or items."""
    return click.option(name, type=click.IntRange(least), default=default, show_default=True, metavar="N", help=text)


def work_option(name: str, text: str) -> Callable[[Any], Any]:
    """Return an option that says what an operation does."""
    return click.option(name, metavar="WORK", default="none", show_default=True, callback=_work, help=text)


def run_experiment(
    command: str, experiment: "Experiment", lab: Lab, common: Common, sizes: Mapping[str, object]
) -> int:
    """Run a pattern's lab and show it; return the exit code. ``sizes`` are the command's own options."""
    from concli.cli.session import session  # noqa: PLC0415 - help must not wait for it
    from concli.lab import run_lab  # noqa: PLC0415

    workload = lab.workload()
    shown = {name: getattr(value, "text", value) for name, value in sizes.items()}
    config = {**lab._asdict(), "duration": workload.duration_s, **shown}
    with session(command, config, common, table=_table) as this:
        run_lab(experiment, workload, this.run)
    return this.exit_code


def _table(report: "Report", *, expected: int | None, ending: str) -> "RenderableType":
    from concli.cli.lab_table import render  # noqa: PLC0415 - as above

    return render(report, expected=expected, ending=ending)


def _work(_ctx: click.Context, _param: click.Parameter, value: str) -> Any:
    from concli.lab.work import parse_work  # noqa: PLC0415 - as above

    try:
        return parse_work(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


_OPTIONS = [
    click.option("--ops", type=click.IntRange(1), metavar="N", help="End after exactly N items in total."),
    click.option(
        "--duration", metavar="TIME", callback=duration_of, help="End after TIME, whatever is stuck.  [default: 2s]"
    ),
    click.option(
        "--rate",
        metavar="RATE",
        callback=rate_of,
        help="Let items arrive at this rate (500, 2k/s); latency counts from when each should have begun.",
    ),
    click.option(
        "--fail",
        metavar="SHARE",
        default="0%",
        show_default=True,
        callback=share_of,
        help="Have so many operations fail.",
    ),
    click.option(
        "--warmup",
        metavar="TIME",
        default="0",
        show_default=True,
        callback=duration_of,
        help="First run the workload for TIME on an object of its own, uncounted.",
    ),
    seed_option,
    click.option(
        "--compare", is_flag=True, help="Then run the alternatives too, in five rounds with a fifth of the load each."
    ),
]
