"""``concli logs stats``: what is in a log, at a glance."""

import io
import os
import shutil
import sys
from typing import TYPE_CHECKING

import click

from concli.cli._output import is_terminal, put
from concli.cli.engine_options import Placement, engine_options
from concli.cli.log_options import Choosing, ReadingOptions, choosing_options, reading_options
from concli.cli.options import Common, common_options, file_names
from concli.errors import InputError, UsageError

if TYPE_CHECKING:
    from concli.metrics import Report

__all__ = ["stats"]

_WIDTH = 120  # where no terminal says otherwise


@click.command()
@click.argument("inputs", metavar="[INPUT]...", nargs=-1, shell_complete=file_names)
@click.option(
    "--top",
    "fields",
    metavar="FIELD",
    multiple=True,
    help="Count the values of this field; repeatable.  [default: status, path, logger and program, where there are]",
)
@click.option(
    "--count",
    type=click.IntRange(1, 10_000),
    default=15,
    show_default=True,
    metavar="N",
    help="How many templates, values and changes to show.",
)
@click.option(
    "--compare",
    "others",
    metavar="OTHER",
    multiple=True,
    shell_complete=file_names,
    help="Say what is new, gone or much more frequent than in this log or directory; repeatable.",
)
@reading_options
@choosing_options
@engine_options
@common_options
def stats(
    common: Common,
    inputs: tuple[str, ...],
    others: tuple[str, ...],
    fields: tuple[str, ...],
    count: int,
    reading: ReadingOptions,
    choosing: Choosing,
    placement: Placement,
) -> int:
    r"""Summarize logs: levels, entries over time, frequent messages, values, gaps, rejects.

    INPUT is a file, a directory (all regular files in it) or - for standard input. Messages that differ only
    in numbers, ids, addresses and quoted words are counted as one template. Memory stays bounded: of very many
    different templates or values the rare ones are let go of, and counts are then marked as estimates.

    \b
    Examples:
      concli logs stats sample_logs/python-service.log
      concli logs stats --json today.log --compare yesterday.log | jq .result.comparison.new
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # numpy starts no threads for what is not used here
    from concli.cli.session import session  # noqa: PLC0415 - help must not wait for numpy
    from concli.logs.placing import work_of  # noqa: PLC0415
    from concli.logs.stats import Job  # noqa: PLC0415
    from concli.logs.stats import stats as count_logs  # noqa: PLC0415

    if not inputs and is_terminal(sys.stdin):
        raise UsageError("nothing to read: name a file or a directory, or pipe a log in")
    inputs = inputs or ("-",)
    if "-" in inputs and "-" in others:
        raise UsageError("standard input can't be compared with itself: name a file instead of one -")
    choice = choosing.choice(reading.tz)
    source = reading.source(inputs)
    engine, engine_config = placement.engine(common.threads, lambda: work_of(source))
    job = Job(source, others, choice, fields or None, count, engine=engine)
    config = {"inputs": inputs, "compare": others, "top": fields, "count": count, "threads": common.threads}
    config |= reading._asdict() | choosing.plain() | engine_config
    with session("logs stats", config, common, data_on_stdout=True) as this:
        outcome = count_logs(job, this.run, this.complain)
        if outcome.unknown:
            this.complain(
                f"no entry has {', '.join(outcome.unknown)}; see `concli logs formats`, and quote text in --where"
            )
        if outcome.unusable:
            this.exit_code = InputError.exit_code
        if not common.json and not (outcome.unusable and not outcome.summary.lines):
            this.epilogue = lambda: put(_drawn(this.run.snapshot()))
    return this.exit_code


def _drawn(report: "Report") -> str:
    """Return the overview as text, with colours for a terminal."""
    from rich.console import Console  # noqa: PLC0415 - half the start-up of a short run

    from concli.cli.logs_stats_table import render  # noqa: PLC0415 - as above

    width = shutil.get_terminal_size((_WIDTH, 24)).columns
    console = Console(file=io.StringIO(), force_terminal=is_terminal(sys.stdout), width=max(width, 60), highlight=False)
    with console.capture() as capture:
        console.print(render(report.result, console.width))
    return "\n".join(line.rstrip() for line in capture.get().rstrip("\n").split("\n"))
