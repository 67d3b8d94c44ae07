"""``concli futures``: the lab of futures and promises."""

from typing import Any

import click

from concli.cli.lab_options import Lab, count_option, lab_options, run_experiment, work_option
from concli.cli.options import Common
from concli.errors import UsageError

__all__ = ["futures"]


@click.command("futures")
@count_option("--resolvers", 1, "Threads that resolve promises.")
@count_option("--waiters", 1, "Threads that make promises and wait for their values.")
@count_option("--chain", 1, "Steps (`then`) between a promise and what is waited for.", least=0)
@count_option("--gather", 1, "Promises to wait for together, until all are resolved.")
@count_option("--race", 1, "Promises to wait for together, until the first is resolved.")
@work_option("--work", "What it takes to resolve a promise: none, sleep:2ms, spin:50us, hash:64KiB, exp:5ms.")
@lab_options
def futures(lab: Lab, common: Common, **sizes: Any) -> int:
    r"""Put futures under load, to see what it costs to hand over a value, and to chain and combine.

    Each future must resolve once, each waiter get its own value or exception, and each callback be called
    once. An operation is from making the promises to having the value. For WORK see: concli
    bounded-buffer --help.

    \b
    Examples:
      concli futures --waiters 4 --resolvers 2 --chain 3 --compare
      concli futures --gather 8 --resolvers 4 --work exp:5ms --fail 1% --duration 5s
    """
    from concli.lab.futures import FuturesShape  # noqa: PLC0415 - help must not wait for it
    from concli.lab.futures import futures as experiment  # noqa: PLC0415

    if sizes["race"] > 1 and sizes["gather"] > 1:
        raise UsageError("--race and --gather: one waits for the first, the other for all; give only one")
    if sizes["race"] > 1 and lab.fail:
        raise UsageError("--race and --fail: nobody looks at what comes after the first; give only one")
    return run_experiment("futures", experiment(FuturesShape(**sizes)), lab, common, sizes)
