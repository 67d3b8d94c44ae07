"""``concli monitor-object``: the lab of the monitor object."""

from typing import Any

import click

from concli.cli.lab_options import Lab, count_option, lab_options, run_experiment, work_option
from concli.cli.options import Common

__all__ = ["monitor_object"]


@click.command("monitor-object")
@count_option("--workers", 4, "Threads that call the object.")
@click.option(
    "--balance",
    type=click.IntRange(0),
    default=0,
    metavar="N",
    help="What is in the account; workers wait when all of it is out.  [default: enough for all]",
)
@click.option(
    "--counter",
    type=click.Choice(["exact", "sharded"]),
    default="exact",
    show_default=True,
    help="What counts the calls: one that answers with the total, or a cell for each thread.",
)
@work_option("--work", "What is done inside the call: none, sleep:2ms, spin:50us, hash:64KiB, exp:5ms.")
@work_option("--outside-work", "What is done outside, between a withdrawal and its deposit.")
@lab_options
def monitor_object(lab: Lab, common: Common, **sizes: Any) -> int:
    r"""Put a monitor object under load, to see what its one lock costs and when it is the limit.

    Each worker withdraws from one account, waits there until there is enough, deposits the same again and
    counts. The account's fields must agree whenever a call begins, and the counter must be exact. For WORK
    see: concli bounded-buffer --help.

    \b
    Examples:
      concli monitor-object --workers 4 --ops 100000 --compare
      concli monitor-object --workers 8 --balance 3 --outside-work sleep:1ms --duration 5s
    """
    from concli.lab.monitor_object import Shape  # noqa: PLC0415 - help must not wait for it
    from concli.lab.monitor_object import monitor_object as experiment  # noqa: PLC0415

    return run_experiment("monitor-object", experiment(Shape(**sizes)), lab, common, sizes)
