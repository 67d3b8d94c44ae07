"""``concli thread-pool``: the lab of the thread pool."""

import contextlib
import os
import sys
import threading
from typing import Any

import click

from concli.cli.lab_options import Lab, count_option, lab_options, run_experiment, work_option
from concli.cli.options import Common
from concli.cli.signals import Stopped
from concli.errors import UsageError

__all__ = ["thread_pool"]


@click.command("thread-pool")
@count_option("--workers", 4, "Threads of the pool.")
@count_option("--submitters", 1, "Threads that submit calls and wait for their results.")
@count_option("--batch", 1, "Calls a submitter submits before it waits for all of their results.")
@count_option("--window", 1, "Calls a submitter has under way before it waits for the oldest, instead of batches.")
@count_option("--queue", 0, "Calls that may wait for a worker; 0 for no bound.", least=0)
@work_option("--work", "What a call does: none, sleep:2ms, spin:50us, hash:64KiB, exp:5ms.")
@lab_options
def thread_pool(lab: Lab, common: Common, **sizes: Any) -> int:
    r"""Put a thread pool under load, to see how many workers it takes before more stop helping.

    Each call must run once, and each caller get the result, or the exception, of its own. Latency is from
    submit to result, of a batch if there are batches, of each call with a window. For WORK see: concli
    bounded-buffer --help.

    \b
    Examples:
      concli thread-pool --workers 8 --submitters 4 --batch 16 --work sleep:2ms --compare
      concli thread-pool --window 32 --work hash:64KiB --compare
      concli thread-pool --workers 2 --submitters 16 --work exp:5ms --rate 300 --fail 1% --queue 4
    """
    if sizes["batch"] > 1 and sizes["window"] > 1:
        raise UsageError("--batch and --window: one of them says how many calls are under way; give only one")
    from concli.lab.thread_pool import PoolShape  # noqa: PLC0415 - help must not wait for it
    from concli.lab.thread_pool import thread_pool as experiment  # noqa: PLC0415

    try:
        code = run_experiment("thread-pool", experiment(PoolShape(**sizes)), lab, common, sizes)
    except Stopped as stopped:
        _leave_if_stuck(stopped.exit_code)
        raise
    _leave_if_stuck(code)
    return code


def _leave_if_stuck(code: int) -> None:
    """End the process if a call is stuck: the interpreter would wait for the pool's thread that makes it."""
    threads = [thread for thread in threading.enumerate() if not thread.daemon]
    if any(thread is not threading.main_thread() for thread in threads):
        with contextlib.suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)
