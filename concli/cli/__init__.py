"""The command line. Each command is a file; none imports its job, or rich, before it runs."""

import click

from concli import __version__
from concli.cli.boundary import run_guarded
from concli.cli.logs import logs

__all__ = ["concli", "main"]


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "CONCLI", "max_content_width": 100}
)
@click.version_option(__version__, "-V", "--version", prog_name="concli")
def concli() -> None:
    """Concurrency patterns that do real work, measured.

    Data goes to standard output, everything else to standard error. Exit codes: 0 done, 1 done but
    something failed, 2 wrong usage, 3 an input or output could not be used, 4 internal error.
    """


concli.add_command(logs)


def main() -> None:
    """Run the command line and exit."""
    run_guarded(concli)
