"""``concli channel``: the lab of the channel."""

from typing import Any

import click

from concli.cli.lab_options import Lab, count_option, lab_options, run_experiment, work_option
from concli.cli.options import Common

__all__ = ["channel"]


@click.command("channel")
@count_option("--clients", 1, "Threads that ask, or send.")
@count_option("--workers", 1, "Workers, each with a mailbox of its own; the messages go to them in turn.")
@click.option(
    "--mode",
    type=click.Choice(["request", "send"]),
    default="request",
    show_default=True,
    help="Wait for the answer to each message, or only send it.",
)
@count_option("--buffer", 64, "Places in a mailbox; 0 for no bound.", least=0)
@click.option(
    "--full",
    type=click.Choice(["block", "drop-oldest", "drop-newest", "raise"]),
    default="block",
    show_default=True,
    help="What happens to a message when the mailbox is full.",
)
@work_option("--work", "What a worker does with a message: none, sleep:2ms, spin:50us, hash:64KiB, exp:5ms.")
@lab_options
def channel(lab: Lab, common: Common, **sizes: Any) -> int:
    r"""Put a channel under load, to see how many workers it needs and what becomes of the messages.

    Clients ask numbered questions of workers and check that each gets its own answer; the latency is from
    the question to the answer. With --mode send they do not wait for one. A worker that fails (--fail)
    answers with the error and lives on. For WORK see: concli bounded-buffer --help.

    \b
    Examples:
      concli channel --clients 8 --workers 2 --work exp:5ms --rate 300 --duration 5s
      concli channel --mode send --full drop-oldest --buffer 16 --work spin:50us --fail 1% --compare
    """
    from concli.lab.channel import Shape  # noqa: PLC0415 - help must not wait for it
    from concli.lab.channel import channel as experiment  # noqa: PLC0415

    return run_experiment("channel", experiment(Shape(**sizes)), lab, common, sizes)
