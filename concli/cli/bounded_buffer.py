"""``concli bounded-buffer``: the lab of the bounded buffer."""

from typing import Any

import click

from concli.cli.lab_options import Lab, count_option, lab_options, run_experiment, work_option
from concli.cli.options import Common

__all__ = ["bounded_buffer"]


@click.command("bounded-buffer")
@count_option("--producers", 1, "Threads that put.")
@count_option("--consumers", 1, "Threads that get.")
@count_option("--buffer", 64, "Places in the buffer; 0 for no bound.", least=0)
@count_option("--batch", 1, "Items put and got at a time.")
@work_option("--work", "What a consumer does with what it gets: none, sleep:2ms, spin:50us, hash:64KiB, exp:5ms.")
@work_option("--produce-work", "What a producer does before it puts.")
@lab_options
def bounded_buffer(lab: Lab, common: Common, **sizes: Any) -> int:
    r"""Put a bounded buffer under load, to see how large it should be and who waits for whom.

    Producers put numbered items, consumers get them and check that each comes once and in order. Work is
    none, sleep:TIME, spin:TIME (holds the GIL), hash:SIZE (leaves it), exp:TIME or uniform:TIME-TIME for
    random times, or several with commas between, one of which is done at random.

    \b
    Examples:
      concli bounded-buffer --ops 200000 --compare
      concli bounded-buffer --consumers 4 --work exp:5ms --rate 500 --buffer 16 --duration 5s
    """
    from concli.lab.bounded_buffer import Shape  # noqa: PLC0415 - help must not wait for it
    from concli.lab.bounded_buffer import bounded_buffer as experiment  # noqa: PLC0415

    return run_experiment("bounded-buffer", experiment(Shape(**sizes)), lab, common, sizes)
