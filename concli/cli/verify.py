"""``concli verify``: the schedules of the patterns, explored one by one."""

import os
import shutil
import traceback
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from concli.cli.boundary import complain
from concli.cli.options import Common, common_options_without, file_names, seed_option
from concli.errors import OutputError, UsageError
from concli.terminal import visible

if TYPE_CHECKING:
    from rich.console import RenderableType

    from concli.metrics import Report
    from concli.verify.job import Job, Verification

__all__ = ["verify"]

_INTERNAL_ERROR = 4
_WIDTH = 120  # of a trace, where no terminal says otherwise
_STEPS = 60  # of a trace that has no end


def _patterns(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    from concli.verify.catalogue import PATTERNS  # noqa: PLC0415 - help must not wait for it

    return [CompletionItem(name) for name in PATTERNS if name.startswith(incomplete)]


@click.command()
@click.argument("patterns", metavar="[PATTERN]...", nargs=-1, shell_complete=_patterns)
@click.option(
    "--schedules",
    type=click.IntRange(1),
    metavar="N",
    help="Schedules of each pattern.  [default: 5000; 100000 with dfs]",
)
@click.option(
    "--strategy",
    type=click.Choice(["random", "pct", "dfs"]),
    default="pct",
    show_default=True,
    help="random: anyone, at each switch point. pct: by priorities, which change a few times. dfs: all in turn.",
)
@click.option(
    "--depth",
    type=click.IntRange(1),
    metavar="N",
    help="With pct: find what takes N constraints on the order.  [default: 3]",
)
@click.option("--preemptions", metavar="N|all", help="With dfs: schedules with at most N preemptions.  [default: 2]")
@seed_option
@click.option(
    "-t",
    "--threads",
    type=click.IntRange(2, 4),
    default=3,
    show_default=True,
    metavar="2-4",
    help="Threads that call the object at the same time.",
)
@click.option(
    "--operations", type=click.IntRange(1, 50), metavar="N", help="Calls of each thread.  [default: 4; 2 with dfs]"
)
@click.option(
    "--scenarios",
    type=click.IntRange(1),
    metavar="N",
    help="Scenarios drawn for each pattern, which share its schedules.  [default: 50; 4 with dfs]",
)
@click.option(
    "--granularity",
    type=click.Choice(["primitive", "line", "opcode"]),
    help="Switch at primitives alone, or at each line or opcode of the class as well.  "
    "[default: what suits the pattern; primitive with dfs]",
)
@click.option(
    "--time",
    "time_s",
    type=click.FloatRange(0, min_open=True),
    metavar="SECONDS",
    help="Stop after so long in all; each pattern gets its part.",
)
@click.option(
    "--failures",
    metavar="DIR",
    default=".",
    show_default="this one",
    shell_complete=file_names,
    help="Write a file for --replay of each failure to DIR.",
)
@click.option(
    "--replay",
    metavar="FILE",
    shell_complete=file_names,
    help="Run the failure in FILE again, and show how it comes about.",
)
@click.option("--list", "lists", is_flag=True, help="Name the patterns.")
@common_options_without("threads", "trace")
def verify(
    common: Common, patterns: tuple[str, ...], replay: str | None, lists: bool, depth: int | None, **choices: Any
) -> int:
    r"""Explore the schedules of patterns and judge each by a specification.

    The classes run unchanged on a scheduler that decides who goes on at each lock, wait and wakeup, when
    a timeout fires, and where an interrupt comes. PATTERN is one of those that --list names; all without any.
    What is found is shown step by step and written to a file. Exit code 1: something was found, or a
    pattern was not run at all.

    \b
    Examples:
      concli verify
      concli verify rwlock barrier --strategy dfs --json
      concli verify channel --schedules 1000000 --time 600 --seed 7
    """
    if replay is not None:
        if patterns:
            raise UsageError("--replay: the file says which pattern it is about; name none")
        return _replay(replay, common)
    from concli.verify.catalogue import PATTERNS, spec_of  # noqa: PLC0415 - as above

    if lists:
        return _list(PATTERNS)
    for pattern in patterns:
        if pattern not in PATTERNS:
            raise UsageError(f"there is no pattern {pattern!r}; choose from {', '.join(PATTERNS)}")
    job = _job(tuple(dict.fromkeys(patterns)) or PATTERNS, depth=depth, **choices)
    if job.granularity in {"line", "opcode"} and (
        blind := [name for name in job.patterns if not spec_of(name).watched]
    ):
        raise UsageError(f"--granularity {job.granularity}: there are no lines to watch in {', '.join(blind)}")
    if not os.path.isdir(job.failures):
        raise OutputError(job.failures, "no such directory; create it first")
    return _run(job, common)


def _job(
    patterns: tuple[str, ...],
    *,
    strategy: str,
    depth: int | None,
    preemptions: str | None,
    schedules: int | None,
    scenarios: int | None,
    operations: int | None,
    **rest: Any,
) -> "Job":
    """Return what is to be run, with what was not said filled in."""
    from concli.verify.catalogue import budget_of  # noqa: PLC0415 - as above
    from concli.verify.job import Job  # noqa: PLC0415

    if depth is not None and strategy != "pct":
        raise UsageError(f"--depth belongs to --strategy pct, not to {strategy}")
    if preemptions is not None:
        if strategy != "dfs":
            raise UsageError(f"--preemptions belongs to --strategy dfs, not to {strategy}")
        if preemptions != "all" and not (preemptions.isascii() and preemptions.isdecimal()):
            raise UsageError(f"--preemptions: {preemptions!r} is neither a number nor 'all'")
    if strategy == "dfs":
        rest["granularity"] = rest["granularity"] or "primitive"  # with lines it does not come to an end
    budget = budget_of(strategy)
    return Job(
        patterns,
        {"pct": f"pct {depth or 3}", "dfs": f"dfs {preemptions or 2}"}.get(strategy, strategy),
        schedules or budget.schedules,
        scenarios or budget.scenarios,
        operations or budget.operations,
        **rest,
    )


def _run(job: "Job", common: Common) -> int:
    from concli.cli.session import session  # noqa: PLC0415 - as above
    from concli.verify.job import Verification  # noqa: PLC0415

    with session("verify", job._asdict(), common, table=_table) as this:
        verification = Verification(job, this.run)
        this.epilogue = lambda: _tell(verification, common)
        verification.verify()
        if verification.unwritten:
            this.exit_code = OutputError.exit_code
        if verification.errors:
            this.exit_code = _INTERNAL_ERROR
    return this.exit_code


def _tell(verification: "Verification", common: Common) -> None:
    """Say what is too long for the table."""
    if not common.quiet:
        for found in verification.found:
            click.echo(f"{found.pattern}: {visible(found.failure.show(_columns(), last=_STEPS))}\n", err=True)
    if common.verbose:
        for error in verification.errors.values():
            click.echo(visible("".join(traceback.format_exception(error, limit=-5))), err=True, nl=False)
    for problem in verification.unwritten:
        complain(str(problem))
    if limits := verification.limits():
        complain(limits)


def _replay(path: str, common: Common) -> int:
    from concli.cli.session import session  # noqa: PLC0415 - as above
    from concli.verify.job import replay_file  # noqa: PLC0415

    with session("verify", {"replay": path}, common) as this:
        found = replay_file(path, this.run)
        if not common.quiet and not common.json and found.failure.trace:
            click.echo(f"{found.pattern}: {visible(found.failure.show(_columns(), last=_STEPS))}\n")
    return this.exit_code


def _list(patterns: tuple[str, ...]) -> int:
    for pattern in patterns:
        click.echo(pattern)
    return 0


def _columns() -> int:
    return max(60, shutil.get_terminal_size((_WIDTH, 24)).columns)


def _table(report: "Report", *, expected: int | None, ending: str) -> "RenderableType":
    del expected
    from concli.cli.verify_table import render  # noqa: PLC0415 - half the start-up of a short run

    return render(report, ending=ending)
