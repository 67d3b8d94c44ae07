"""``concli logs``: the jobs on logs."""

import os
import re
import sys
from typing import Any

import click

from concli.cli.options import Common, byte_size, common_options, file_names, regex
from concli.errors import InputError, UsageError

__all__ = ["logs", "process"]

_FORMATS = ["text", "jsonl", "csv"]
_ENDINGS = {".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv"}


@click.group()
def logs() -> None:
    """Turn logs into structured entries."""


@logs.command()
@click.argument("inputs", metavar="[INPUT]...", nargs=-1, shell_complete=file_names)
@click.option(
    "-o", "--output", metavar="OUT", shell_complete=file_names, help="Where to write.  [default: standard output]"
)
@click.option(
    "--to", type=click.Choice(_FORMATS), help="Output format.  [default: by OUT's ending (.jsonl, .csv), else text]"
)
@click.option(
    "--level", "levels", metavar="NAME", multiple=True, help="Keep entries of this level, any case; repeatable."
)
@click.option("--grep", metavar="REGEX", callback=regex, help="Keep entries whose message matches.")
@click.option(
    "--rejects",
    metavar="FILE",
    shell_complete=file_names,
    help="Write the lines that are no entries to FILE, as JSON lines.",
)
@click.option("--strict", is_flag=True, help="Exit with 1 if any line was rejected.")
@click.option("--unordered", is_flag=True, help="Write chunks as they are done instead of in the input's order.")
@click.option(
    "--max-line",
    metavar="SIZE",
    callback=byte_size,
    default="16MiB",
    show_default=True,
    help="Reject lines that are longer.",
)
@common_options
def process(
    common: Common,
    inputs: tuple[str, ...],
    output: str | None,
    to: str | None,
    strict: bool,
    unordered: bool,
    grep: re.Pattern[str] | None,
    **choices: Any,
) -> int:
    r"""Read logs, keep the entries, write them as text, JSON lines or CSV.

    INPUT is a file, a directory (all regular files in it) or - for standard input. An entry is a line
    "YYYY-MM-DD HH:MM:SS [LEVEL] message"; blank lines are passed over, everything else is a reject.
    Entries come out in the input's order, and every line is accounted for.

    \b
    Examples:
      concli logs process sample_logs -o entries.jsonl --rejects rejects.jsonl
      tail -F app.log | concli logs process --level error --to jsonl | jq .message
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # numpy starts no threads for what is not used here
    from concli.cli.session import session  # noqa: PLC0415 - help must not wait for numpy
    from concli.logs import Job  # noqa: PLC0415
    from concli.logs import process as process_logs  # noqa: PLC0415

    if not inputs and sys.stdin.isatty():
        raise UsageError("nothing to read: name a file or a directory, or pipe a log in")
    to_stdout = output in (None, "-")
    if common.json and to_stdout:
        raise UsageError("--json: the entries go to standard output; use --report FILE, or -o OUT for the entries")
    if to is None:
        to = _ENDINGS.get(os.path.splitext(output or "")[1].lower(), "text")
    job = Job(inputs or ("-",), output, to, grep=grep, ordered=not unordered, threads=common.threads, **choices)
    config = {**job._asdict(), "grep": grep and grep.pattern, "strict": strict}
    with session("logs process", config, common, data_on_stdout=to_stdout) as this:
        outcome = process_logs(job, this.run, this.complain)
        if outcome.unusable:
            this.exit_code = InputError.exit_code
        elif strict and outcome.rejected:
            this.exit_code = 1
    return this.exit_code
