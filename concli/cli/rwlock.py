"""``concli rwlock``: the lab of the read-write lock."""

from typing import Any

import click

from concli.cli.lab_options import Lab, count_option, lab_options, run_experiment, work_option
from concli.cli.options import Common
from concli.cli.quantities import share_of
from concli.errors import UsageError

__all__ = ["rwlock"]

_READERS, _WRITERS = 3, 1


@click.command("rwlock")
@click.option("--readers", type=click.IntRange(0), metavar="N", help=f"Threads that read.  [default: {_READERS}]")
@click.option("--writers", type=click.IntRange(0), metavar="N", help=f"Threads that write.  [default: {_WRITERS}]")
@count_option("--workers", 0, "Instead of those, threads that do both.", least=0)
@click.option(
    "--read-share",
    metavar="SHARE",
    default="80%",
    show_default=True,
    callback=share_of,
    help="How much of what workers do is reading.",
)
@count_option("--keys", 16, "Values behind the lock; a write changes fields of one that must agree.")
@work_option("--work", "What is done inside a read: none, sleep:2ms, spin:50us, hash:64KiB, exp:5ms.")
@work_option("--write-work", "What is done inside a write, between its changes.")
@click.option(
    "--prefer",
    type=click.Choice(["writer", "fair"]),
    default="writer",
    show_default=True,
    help="Who comes after a writer: the next one, or the readers it held back.",
)
@lab_options
def rwlock(lab: Lab, common: Common, **sizes: Any) -> int:
    r"""Put a read-write lock under load, to see whether it pays.

    Readers check that what they see is whole and stays so, and that a writer that waits is not passed over.
    Each thread has the same share of --ops, so those of 3 readers and 1 writer are 75% reads; with --workers
    every thread does both, as --read-share says. For WORK see: concli bounded-buffer --help.

    \b
    Examples:
      concli rwlock --workers 4 --read-share 80% --work hash:64KiB --ops 20000 --compare
      concli rwlock --readers 8 --writers 2 --work sleep:1ms --prefer fair --duration 5s
    """
    from concli.lab.rwlock import Shape  # noqa: PLC0415 - help must not wait for it
    from concli.lab.rwlock import rwlock as experiment  # noqa: PLC0415

    readers, writers, workers = sizes["readers"], sizes["writers"], sizes["workers"]
    if workers and (readers or writers):
        raise UsageError(
            "--workers: they read and write in the place of --readers and --writers; give one or the other"
        )
    sizes["readers"] = 0 if workers else _READERS if readers is None else readers
    sizes["writers"] = 0 if workers else _WRITERS if writers is None else writers
    if not sizes["readers"] + sizes["writers"] + workers:
        raise UsageError("--readers 0 --writers 0: nobody is left to do anything")
    return run_experiment("rwlock", experiment(Shape(**sizes)), lab, common, sizes)
