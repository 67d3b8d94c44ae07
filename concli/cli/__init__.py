"""The command line. Each command is a file; none imports its job, or rich, before it runs."""

import click

from concli import __version__
from concli.cli.boundary import run_guarded
from concli.cli.bounded_buffer import bounded_buffer
from concli.cli.channel import channel
from concli.cli.completion import completion
from concli.cli.explain import explain
from concli.cli.futures import futures
from concli.cli.info import info
from concli.cli.logs import logs
from concli.cli.matmul import matmul
from concli.cli.monitor import monitor
from concli.cli.monitor_object import monitor_object
from concli.cli.pipeline import pipeline
from concli.cli.producer_consumer import producer_consumer
from concli.cli.rwlock import rwlock
from concli.cli.smoke import smoke
from concli.cli.thread_local import thread_local
from concli.cli.thread_pool import thread_pool
from concli.cli.verify import verify

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


concli.add_command(bounded_buffer)
concli.add_command(channel)
concli.add_command(completion)
concli.add_command(explain)
concli.add_command(futures)
concli.add_command(info)
concli.add_command(logs)
concli.add_command(matmul)
concli.add_command(monitor)
concli.add_command(monitor_object)
concli.add_command(pipeline)
concli.add_command(producer_consumer)
concli.add_command(rwlock)
concli.add_command(smoke)
concli.add_command(thread_local)
concli.add_command(thread_pool)
concli.add_command(verify)


def _keep_examples(command: click.Command) -> None:
    r"""Have click leave the lines below a ``\b`` as they are. In a raw docstring that is two characters."""
    command.help = (command.help or "").replace("\\b\n", "\b\n")
    if isinstance(command, click.Group):
        for child in command.commands.values():
            _keep_examples(child)


_keep_examples(concli)


def main() -> None:
    """Run the command line and exit."""
    run_guarded(concli)
