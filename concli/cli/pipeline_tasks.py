"""``concli pipeline tasks``: a chain of processors over many tasks."""

import contextlib
import sys
from typing import TYPE_CHECKING, Literal

import click

from concli.cli._output import is_terminal, put
from concli.cli.engine_options import Placement, engine_options
from concli.cli.options import Common, common_options_without, file_names
from concli.cli.quantities import duration_of, rate_of
from concli.errors import UsageError
from concli.quantities import parse_share

if TYPE_CHECKING:
    from collections.abc import Callable

    from concli.cli.session import Session
    from concli.tasks import Failure, Job, Outcome

__all__ = ["tasks"]

_TOLD = 10  # failures that get a line of their own


def _on_error(_ctx: click.Context, _param: click.Parameter, value: str) -> Literal["keep", "stop"] | float:
    """Turn ``keep``, ``stop``, or ``10%`` into what the job takes."""
    if value == "keep":
        return "keep"
    if value == "stop":
        return "stop"
    try:
        return parse_share(value)
    except ValueError as error:
        raise click.BadParameter(f"{value!r}: write keep, stop, or the share that may fail, as 10%") from error


def _timeout(ctx: click.Context, param: click.Parameter, value: str | None) -> float | None:
    """Turn ``10s`` or ``10`` into seconds: those who time commands elsewhere leave the unit out."""
    has_unit = value is None or not value.replace(".", "", 1).isdecimal()
    seconds = duration_of(ctx, param, value if has_unit else f"{value}s")
    if seconds == 0:
        raise click.BadParameter("nothing can be done in no time")
    return seconds


@click.command()
@click.argument("items", metavar="[ITEM]...", nargs=-1)
@click.option(
    "-s",
    "--stage",
    "stages",
    metavar="STAGE",
    multiple=True,
    required=True,
    help="What is done with an item, or with what the stage before made of it: py:MODULE:FUNCTION, py:FILE:FUNCTION, "
    "expr:EXPRESSION of x, or sh:COMMAND. After it, for this stage alone: workers=N queue=N timeout=TIME retries=N "
    "name=WORD.",
)
@click.option(
    "-a",
    "--input",
    "path",
    metavar="FILE",
    shell_complete=file_names,
    help="Read items from FILE, - for standard input.  [default: standard input, without ITEM]",
)
@click.option("-0", "--null", "how", flag_value="null", help="Items end with NUL and not with the line.")
@click.option("--json", "how", flag_value="json", help="Each line, or ITEM, is a JSON value.")
@click.option("--csv", "how", flag_value="csv", help="Each row is an item, a dict by the fields of the first row.")
@click.option("--stdin", is_flag=True, help="Commands get the item on their standard input.")
@click.option(
    "-o",
    "--output-file",
    "output",
    metavar="OUT",
    shell_complete=file_names,
    help="Where to write what comes of the tasks; a file appears when it is whole.  [default: standard output]",
)
@click.option(
    "--output",
    "shown",
    type=click.Choice(["record", "result"]),
    default="record",
    show_default=True,
    help="Of each task the whole record, a JSON line; or its result alone, text as it is.",
)
@click.option("--unordered", is_flag=True, help="Write tasks as they finish instead of in the input's order.")
@click.option(
    "--retries",
    type=click.IntRange(0, 1000),
    default=0,
    show_default=True,
    metavar="N",
    help="Try a stage that fails N times again, after 0.1 s, 0.2 s, 0.4 s ..., each less up to half by chance.",
)
@click.option(
    "--timeout",
    callback=_timeout,
    metavar="TIME",
    help="How long a stage may take: 500ms, 10s, 5min. A command is killed with its children, a Python function is "
    "left behind.",
)
@click.option(
    "--on-error",
    callback=_on_error,
    metavar="keep|stop|N%",
    default="keep",
    show_default=True,
    help="After a task that failed: keep going, stop, or stop when more than N% of at least 20 have failed.",
)
@click.option("--limit-rate", callback=rate_of, metavar="RATE", help="Begin no more tasks than that: 100/s, 90/min.")
@click.option("--dry-run", is_flag=True, help="Print what would be done with each item, and do nothing.")
@click.option(
    "--joblog", metavar="FILE", shell_complete=file_names, help="Note in FILE what becomes of each task, when it ends."
)
@click.option(
    "--resume", is_flag=True, help="Do not do again what the joblog says is done; what failed is tried again."
)
@click.option("--progress", is_flag=True, help="Show a bar with the time left instead of the live table.")
@click.option(
    "--seed", type=click.IntRange(0), envvar="CONCLI_SEED", metavar="N", help="Wait the same before each retry."
)
@engine_options
@common_options_without("json")
def tasks(
    common: Common,
    items: tuple[str, ...],
    stages: tuple[str, ...],
    path: str | None,
    how: str | None,
    stdin: bool,
    output: str | None,
    shown: str,
    unordered: bool,
    retries: int,
    timeout: float | None,
    on_error: Literal["keep", "stop"] | float,
    limit_rate: float | None,
    dry_run: bool,
    joblog: str | None,
    resume: bool,
    progress: bool,
    seed: int | None,
    placement: Placement,
) -> int:
    r"""Send items through a chain of stages, each with workers of its own: a function, an expression or a command.

    Items are ITEM or the lines of an input, read as they are needed; each is a text, or with --json a value. Of
    each task a JSON line comes out: id, data, status (done, failed, cancelled), result, error, attempts and the
    seconds in each stage. The exit code is 1 if a task failed. With --joblog a run that was interrupted, or killed,
    goes on by the same command with --resume: OUT then has all tasks, standard output those done now.
    -t is how many workers a stage has if it does not say. With --engine processes it is how many of these the py:
    stages share, for functions that hold the GIL and take a millisecond or more. expr: and sh: stages stay here:
    expressions are too small to send, and commands are processes already.

    \b
    Examples:
      ls *.txt | concli pipeline tasks --stage 'sh:gzip -k {}' --joblog log --resume
      seq 9 | concli pipeline tasks --json --stage 'expr:x * x' --output result
      concli pipeline tasks -a urls --stage 'py:./steps.py:fetch workers=16 timeout=10s retries=3' --stage py:json:loads
    """
    from concli.cli.pipeline_tasks_table import render, render_bar  # noqa: PLC0415 - help must not wait for rich
    from concli.cli.session import session  # noqa: PLC0415
    from concli.tasks import Items, Job, do_tasks  # noqa: PLC0415
    from concli.tasks.chain import Defaults  # noqa: PLC0415
    from concli.tasks.placing import work_of  # noqa: PLC0415
    from concli.tasks.stages import parse_stage  # noqa: PLC0415

    specs = tuple(parse_stage(text, stdin=stdin) for text in stages)
    engine, engine_config = placement.engine(common.threads, lambda: work_of(specs), output)
    config = {
        name: value for name, value in click.get_current_context().params.items() if name not in {*Common._fields}
    }
    config |= {"threads": common.threads, **engine_config}
    if not items and path is None and is_terminal(sys.stdin):
        raise UsageError("no items: name some, pipe them in, or read them with --input FILE")
    job = Job(
        specs,
        Items(how or "lines", items, path),
        output,
        shown,
        not unordered,
        on_error,
        limit_rate,
        joblog,
        resume,
        Defaults(common.threads, timeout, retries),
        seed,
        engine,
    )
    if dry_run:
        return _print_plan(job)
    if progress and common.live is None:
        common = common._replace(live=is_terminal(sys.stderr))
    to_stdout = output in (None, "-")
    with session(
        "pipeline tasks", config, common, data_on_stdout=to_stdout, table=render_bar if progress else render
    ) as this:
        if engine.name != "threads" and all(spec.kind != "py" for spec in specs):
            this.complain("--engine is for py: stages, and there is none")
        try:
            outcome = do_tasks(job, this.run, _teller(this))
        except BaseException:
            if joblog is not None and this.run.totals().get("read"):
                this.complain(f"{joblog} holds what is done; --resume goes on from there")
            raise
        _tell(this, outcome)
    return this.exit_code


def _print_plan(job: "Job") -> int:
    """Print what would be done with each item."""
    from concli.tasks import planned  # noqa: PLC0415 - as above

    with contextlib.closing(job.items):
        for line in planned(job):
            put(line)
    return 0


def _teller(this: "Session") -> "Callable[[Failure], None]":
    """Return what says of a failure, one of the first, which task it is and why."""
    told = 0

    def tell(failure: "Failure") -> None:
        nonlocal told
        told += 1
        if told <= _TOLD:
            this.complain(f"task {failure.id}, stage {failure.stage}: {failure.type}: {failure.message}")

    return tell


def _tell(this: "Session", outcome: "Outcome") -> None:
    """Say in a line how many tasks failed, and make that the exit code."""
    if not outcome.failed:
        return
    this.exit_code = 1
    stopped = "; that stopped the run" if outcome.has_stopped else ""
    this.complain(f"{outcome.failed:,} of {outcome.ended:,} tasks failed{stopped}")
