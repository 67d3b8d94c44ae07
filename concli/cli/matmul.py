"""``concli matmul``: the product of two matrices."""

import os
import re
from typing import TYPE_CHECKING

import click

from concli.cli.engine_options import Placement, engine_options
from concli.cli.options import Common, common_options, file_names, seed_option
from concli.cli.quantities import byte_size
from concli.errors import UsageError

if TYPE_CHECKING:
    from rich.console import RenderableType

    from concli.metrics import Report

__all__ = ["matmul"]

_SIZE = re.compile(r"(\d{1,9})(?:x(\d{1,9})x(\d{1,9}))?")


def _size(_ctx: click.Context, _param: click.Parameter, value: str | None) -> tuple[int, int, int] | None:
    if value is None:
        return None
    match = _SIZE.fullmatch(value.strip().lower())
    if not match:
        raise click.BadParameter(f"{value!r} is not a size; write 1024, or 4096x512x256 for 4096x512 by 512x256")
    rows = int(match[1])
    return rows, int(match[2] or rows), int(match[3] or rows)


@click.command()
@click.option(
    "--size", metavar="N|MxKxN", callback=_size, help="Multiply random matrices of this size.  [default: 1024]"
)
@click.option("-a", "left", metavar="A.npy", shell_complete=file_names, help="The left matrix.")
@click.option("-b", "right", metavar="B.npy", shell_complete=file_names, help="The right matrix.")
@click.option(
    "-o",
    "--output",
    metavar="C.npy",
    shell_complete=file_names,
    help="Where to write the product; - is standard output.  [default: it is not kept]",
)
@click.option(
    "--dtype",
    type=click.Choice(["float64", "float32"]),
    help="The numbers to compute with.  [default: the inputs'; float64 for integers and for random matrices]",
)
@click.option(
    "--normalize",
    type=click.Choice(["none", "rows", "max"]),
    default="none",
    show_default=True,
    help="Bring each row to unit sum, or all by the largest absolute value to 1.",
)
@click.option(
    "--algorithm",
    type=click.Choice(["auto", "blocked", "strassen"]),
    default="auto",
    show_default=True,
    help="Multiply by tiles, or by Strassen's in Winograd's form, which errs more and gains on large matrices.",
)
@click.option("--check", is_flag=True, help="Verify the product by Freivalds' test, which takes little time.")
@click.option(
    "--rounds",
    type=click.IntRange(1, 60),
    default=20,
    show_default=True,
    metavar="K",
    help="With --check: rounds; a wrong element is missed with a probability of at most 2^-K.",
)
@click.option(
    "--memory",
    metavar="SIZE",
    callback=byte_size,
    help="Use no more than this for the matrices: larger ones stay on the disk.  [default: 80% of what is available]",
)
@seed_option
@engine_options
@common_options
def matmul(
    common: Common,
    size: tuple[int, int, int] | None,
    left: str | None,
    right: str | None,
    output: str | None,
    dtype: str | None,
    normalize: str,
    algorithm: str,
    check: bool,
    rounds: int,
    memory: int | None,
    seed: int,
    placement: Placement,
) -> int:
    r"""Multiply two matrices by threads that go through its phases together, with a barrier between them.

    A and B are .npy files of integers, floats or complex numbers, or random. Each thread takes tiles and uses one
    thread of BLAS for them; with --engine, worker processes or a cluster multiply them. NaN and infinities are kept,
    counted and said. What is larger than memory is streamed from the files and into C, which appears whole or not at
    all.

    \b
    Examples:
      concli matmul --size 2048 --check
      concli matmul -a A.npy -b B.npy -o C.npy --normalize rows
      concli matmul -a huge.npy -b B.npy -o C.npy --memory 2GiB --report report.json
    """
    if (left is None) != (right is None):
        raise UsageError("-a and -b: give both matrices, or neither for random ones")
    if left is not None and size is not None:
        raise UsageError("--size is for random matrices; leave it out where -a and -b name files")
    to_stdout = output == "-"
    if common.json and to_stdout:
        raise UsageError("--json: the product goes to standard output; use --report FILE, or -o FILE for the product")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # numpy starts no threads: there are ours
    from concli.arrays.kernels import prefer_best_kernel  # noqa: PLC0415 - help must not wait for it

    kernel = prefer_best_kernel()
    from concli.arrays.matmul import Job  # noqa: PLC0415 - it loads numpy, which must come after that
    from concli.arrays.matmul import matmul as multiply  # noqa: PLC0415
    from concli.cli.session import session  # noqa: PLC0415
    from concli.engines.choose import Work  # noqa: PLC0415

    size = size or (1024, 1024, 1024)
    engine, engine_config = placement.engine(common.threads, lambda: Work(holds_gil=False), output)
    job = Job(
        left,
        right,
        size,
        output,
        dtype,
        normalize,
        algorithm,
        rounds if check else 0,
        memory,
        seed=seed,
        kernel=kernel,
        engine=engine,
    )
    config: dict[str, object] = {
        "size": size if left is None else None,
        "a": left,
        "b": right,
        "output": output,
        "dtype": dtype,
        "normalize": normalize,
        "algorithm": algorithm,
        "check": check,
        "rounds": rounds,
        "memory": memory,
        "threads": common.threads,
        "seed": seed,
        **engine_config,
    }
    with session("matmul", config, common, data_on_stdout=to_stdout, table=_table) as this:
        multiply(job, this.run)
    return this.exit_code


def _table(report: "Report", *, expected: int | None, ending: str) -> "RenderableType":
    from concli.cli.matmul_table import render  # noqa: PLC0415 - as above

    del expected
    return render(report, ending=ending)
