"""``concli producer-consumer``: the lab of producer-consumer."""

from typing import Any

import click

from concli.cli.lab_options import Lab, count_option, lab_options, run_experiment, work_option
from concli.cli.options import Common

__all__ = ["producer_consumer"]


@click.command("producer-consumer")
@count_option("--producers", 1, "Threads that produce.")
@count_option("--consumers", 1, "Threads that consume.")
@count_option("--buffer", 64, "Places in the buffer between them; 0 for no bound.", least=0)
@work_option("--work", "What a consumer does with an item: none, sleep:2ms, spin:50us, hash:64KiB, exp:5ms.")
@work_option("--produce-work", "What it takes to produce an item.")
@lab_options
def producer_consumer(lab: Lab, common: Common, **sizes: Any) -> int:
    r"""Put producers and consumers under load, to see how many of each there should be.

    The pattern runs its own threads and ends by closing. Items are numbered, and each must be consumed
    once and in order. For WORK see: concli bounded-buffer --help.

    \b
    Examples:
      concli producer-consumer --producers 2 --consumers 8 --work sleep:2ms --ops 5000
      concli producer-consumer --consumers 4 --work hash:64KiB --fail 1% --compare --json
    """
    from concli.lab.producer_consumer import Shape  # noqa: PLC0415 - help must not wait for it
    from concli.lab.producer_consumer import producer_consumer as experiment  # noqa: PLC0415

    return run_experiment("producer-consumer", experiment(Shape(**sizes)), lab, common, sizes)
