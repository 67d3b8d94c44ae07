"""``concli logs``: the jobs on logs."""

import os
import sys
from typing import TYPE_CHECKING

import click

from concli.cli.engine_options import Placement, engine_options
from concli.cli.log_options import Choosing, ReadingOptions, choosing_options, reading_options
from concli.cli.logs_formats import formats
from concli.cli.logs_generate import generate
from concli.cli.logs_stats import stats
from concli.cli.options import Common, common_options, file_names
from concli.errors import InputError, UsageError

if TYPE_CHECKING:
    from concli.cli.session import Session
    from concli.logs import Outcome

__all__ = ["logs", "process"]

_OUTPUTS = ["text", "raw", "jsonl", "csv", "tsv", "logfmt", "sqlite", "parquet"]


@click.group()
def logs() -> None:
    """Turn logs into structured entries."""


@logs.command()
@click.argument("inputs", metavar="[INPUT]...", nargs=-1, shell_complete=file_names)
@click.option(
    "-o", "--output", metavar="OUT", shell_complete=file_names, help="Where to write.  [default: standard output]"
)
@click.option(
    "--to",
    type=click.Choice(_OUTPUTS),
    help="What to write: text is 'timestamp [LEVEL] message', raw the lines as they were.  [default: by OUT's ending, "
    "else text]",
)
@reading_options
@choosing_options
@click.option("--fields", metavar="NAMES", help="What to write of an entry, in this order: timestamp,status,path.")
@click.option("--head", type=click.IntRange(0), metavar="N", help="Stop after N entries.")
@click.option("--dedup", is_flag=True, help="Make repeats in a row one entry, with their number.")
@click.option(
    "--redact",
    metavar="WHAT",
    multiple=True,
    help="Hide what is an ip, an email, a token, or matches a regular expression; repeatable, or with commas.",
)
@click.option(
    "--split-by", metavar="BY", help="Write a file for each level, day or value of a field into the directory OUT."
)
@click.option("--merge", is_flag=True, help="Bring the entries of all inputs into one order of time.")
@click.option("--follow", is_flag=True, help="Go on as the inputs grow, like tail -F, until interrupted.")
@click.option(
    "--state",
    metavar="FILE",
    shell_complete=file_names,
    help="Process what is new since the last run with this FILE, and append to OUT.",
)
@click.option(
    "--rejects",
    metavar="FILE",
    shell_complete=file_names,
    help="Write the lines that are no entries to FILE, as JSON lines.",
)
@click.option("--strict", is_flag=True, help="Exit with 1 if any line was rejected.")
@click.option("--unordered", is_flag=True, help="Write chunks as they are done instead of in the input's order.")
@engine_options
@common_options
def process(
    common: Common,
    inputs: tuple[str, ...],
    output: str | None,
    to: str | None,
    reading: ReadingOptions,
    choosing: Choosing,
    fields: str | None,
    head: int | None,
    dedup: bool,
    redact: tuple[str, ...],
    split_by: str | None,
    merge: bool,
    follow: bool,
    state: str | None,
    rejects: str | None,
    strict: bool,
    unordered: bool,
    placement: Placement,
) -> int:
    r"""Read logs of any common format, choose entries, and write them as text, JSON lines, CSV and more.

    INPUT is a file, compressed or not, a directory (all regular files in it), a pattern of names, or - for
    standard input. The format of each is told by its first lines. An entry has a timestamp, a level, a message
    and what else its format knows; stack traces belong to the entry before them. Blank lines are passed over,
    everything else is a reject. Entries come out in the input's order, and every line is accounted for.

    \b
    Examples:
      concli logs process sample_logs --merge -o entries.jsonl --rejects rejects.jsonl
      concli logs process access.log.gz --where 'status >= 500' --fields timestamp,path --to csv
      tail -F app.log | concli logs process --min-level error --to jsonl | jq .message
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # numpy starts no threads for what is not used here
    from concli.cli.session import session  # noqa: PLC0415 - help must not wait for numpy
    from concli.logs import Job  # noqa: PLC0415
    from concli.logs import process as process_logs  # noqa: PLC0415
    from concli.logs.destination import Destination  # noqa: PLC0415
    from concli.logs.output.outputs import output_for  # noqa: PLC0415
    from concli.logs.placing import work_of  # noqa: PLC0415

    if not inputs and sys.stdin.isatty():
        raise UsageError("nothing to read: name a file or a directory, or pipe a log in")
    to_stdout = output in (None, "-")
    if common.json and to_stdout:
        raise UsageError("--json: the entries go to standard output; use --report FILE, or -o OUT for the entries")
    if to is None:
        by_ending = output_for(output or "")
        to = by_ending.name if by_ending else "text"
    choice = choosing.choice(reading.tz, fields=fields, head=head, dedup=dedup, redact=redact)
    source = reading.source(inputs or ("-",), follow=follow)
    engine, engine_config = placement.engine(common.threads, lambda: work_of(source), output)
    job = Job(
        source,
        choice,
        Destination(output, to, None, split_by, rejects, appends=follow or state is not None),
        state,
        merge=merge,
        ordered=not unordered,
        engine=engine,
    )
    config = {
        "inputs": inputs,
        "output": output,
        "to": to,
        **reading._asdict(),
        **choosing.plain(),
        "fields": fields,
        "head": head,
        "dedup": dedup,
        "redact": redact,
        "split_by": split_by,
        "merge": merge,
        "follow": follow,
        "state": state,
        "rejects": rejects,
        "strict": strict,
        "unordered": unordered,
        "threads": common.threads,
        **engine_config,
    }
    with session("logs process", config, common, data_on_stdout=to_stdout) as this:
        outcome = process_logs(job, this.run, this.complain)
        _tell(this, outcome)
        if outcome.unusable:
            this.exit_code = InputError.exit_code
        elif strict and outcome.rejected:
            this.exit_code = 1
    return this.exit_code


def _tell(this: "Session", outcome: "Outcome") -> None:
    """Say what was asked for and not there, and what was there and had no place."""
    if outcome.unknown:
        this.complain(
            f"no entry has {', '.join(outcome.unknown)}; see `concli logs formats`, and quote text in --where"
        )
    if outcome.left_out:
        names = ", ".join(f"{name} ({count:,})" for name, count in outcome.left_out[:8])
        this.complain(f"there was no column for {names}; name those to write with --fields")


logs.add_command(formats)
logs.add_command(generate)
logs.add_command(stats)
