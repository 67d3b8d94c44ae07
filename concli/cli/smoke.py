"""``concli smoke``: every command on a small workload, with its checks on."""

import os
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from concli.cli.boundary import complain
from concli.cli.options import Common, common_options, file_names
from concli.errors import OutputError, UsageError
from concli.terminal import visible

if TYPE_CHECKING:
    from rich.console import RenderableType

    from concli.lab.smoke import Smoke
    from concli.metrics import Report

__all__ = ["smoke"]


def _commands(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    from concli.lab.smoke_cases import CASES  # noqa: PLC0415 - help must not wait for it

    words = dict.fromkeys(case.command.split()[0] for case in CASES)
    return [CompletionItem(word) for word in words if word.startswith(incomplete)]


@click.command()
@click.argument("commands", metavar="[COMMAND]...", nargs=-1, shell_complete=_commands)
@click.option("--junit", metavar="FILE", shell_complete=file_names, help="Write the outcome as JUnit XML to FILE.")
@click.option(
    "--timeout",
    type=click.FloatRange(0, min_open=True),
    default=30,
    show_default=True,
    metavar="SECONDS",
    help="Kill a call that takes longer, and have its command fail.",
)
@common_options
def smoke(common: Common, commands: tuple[str, ...], junit: str | None, timeout: float) -> int:
    r"""Run every command of concli on a small workload and check what comes of it, in seconds.

    COMMAND is one of concli's (logs process, rwlock), or a group of them (logs); all without any. Each
    runs in a process of its own, as many at a time as there are worker threads; the rates are those of
    that, and for comparing use -t 1. Exit code 1: a command failed, or a check of it. On a free-threaded
    Python it also says whether an import turned the GIL on.

    \b
    Examples:
      concli smoke
      concli smoke rwlock logs --junit smoke.xml --json
    """
    from concli.cli.session import session  # noqa: PLC0415 - as above
    from concli.files import write_whole  # noqa: PLC0415
    from concli.lab.junit import junit as junit_of  # noqa: PLC0415
    from concli.lab.smoke import Smoke  # noqa: PLC0415
    from concli.lab.smoke_cases import chosen  # noqa: PLC0415

    cases = chosen(commands)
    if junit == "-" and common.json:
        raise UsageError("--junit -: standard output is the report's, with --json; name a file")
    if junit not in (None, "-") and not os.path.isdir(os.path.dirname(os.path.realpath(junit))):
        raise OutputError(junit, "no such directory; create it first")
    config: dict[str, object] = {
        "commands": [case.command for case in cases],
        "junit": junit,
        "timeout_s": timeout,
        "threads": common.threads,
    }
    with session("smoke", config, common, data_on_stdout=junit == "-", table=_table) as this:
        job = Smoke(cases, this.run, at_once=common.threads, timeout_s=timeout)

        def conclude() -> None:
            if common.verbose:
                _show_output(job)
            try:
                if junit is not None:
                    write_whole(junit, junit_of(this.run.snapshot()))
            except OutputError as error:  # there is still the table to show
                complain(str(error))
                this.exit_code = error.exit_code

        this.epilogue = conclude
        job.smoke()
    return this.exit_code


def _show_output(job: "Smoke") -> None:
    """Show what the commands that failed have said: of one that hung, where each of its threads was."""
    for row in job.rows():
        if row.output:
            click.echo(visible(f"{row.calls[-1]}\n{row.output}"), err=True)


def _table(report: "Report", *, expected: int | None, ending: str) -> "RenderableType":
    del expected
    from concli.cli.smoke_table import render  # noqa: PLC0415 - half the start-up of a short run

    return render(report, ending=ending)
