"""``concli thread-local``: the lab of thread-local storage."""

from typing import Any

import click

from concli.cli.lab_options import Lab, count_option, lab_options, run_experiment, work_option
from concli.cli.options import Common

__all__ = ["thread_local"]


@click.command("thread-local")
@count_option("--workers", 1, "Threads that add to values of their own.")
@count_option("--life", 0, "Operations after which a thread ends and another comes in its place; 0 for never.", least=0)
@click.option("--track", is_flag=True, help="Have a ThreadLogger time each operation too.")
@work_option("--work", "What an operation does besides: none, sleep:2ms, spin:50us, hash:64KiB, exp:5ms.")
@lab_options
def thread_local(lab: Lab, common: Common, **sizes: Any) -> int:
    r"""Put thread-local storage under load, to see what a count for each thread costs beside one with a lock.

    Each operation adds to the thread's own value. In the end the values of all threads, those that have
    ended included, must come to the number of operations; so must what is tracked. For WORK see:
    concli bounded-buffer --help.

    \b
    Examples:
      concli thread-local --workers 4 --ops 2000000 --compare
      concli thread-local --workers 2 --life 1000 --track --fail 1% --work spin:20us --duration 5s
    """
    from concli.lab.thread_local import Shape  # noqa: PLC0415 - help must not wait for it
    from concli.lab.thread_local import thread_local as experiment  # noqa: PLC0415

    return run_experiment("thread-local", experiment(Shape(**sizes)), lab, common, sizes)
