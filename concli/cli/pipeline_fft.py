"""``concli pipeline fft``: Fourier transforms of a stream of array chunks."""

import os
import re
from typing import TYPE_CHECKING

import click

from concli.cli.engine_options import Placement, engine_options
from concli.cli.options import Common, common_options, file_names, seed_option

if TYPE_CHECKING:
    from collections.abc import Callable

    from concli.arrays.fft import Failure
    from concli.cli.session import Session

__all__ = ["fft"]

_WINDOWS = ["none", "hann", "hamming", "blackman", "bartlett"]
_TOLD = 20  # failures that get a line of their own


def _shape(_ctx: click.Context, _param: click.Parameter, value: str | None) -> tuple[int, int] | None:
    """Turn ``1000x800`` into rows and columns."""
    if value is None:
        return None
    match = re.fullmatch(r"(\d+)\s*[x,*]\s*(\d+)", value.strip())
    if not match or not int(match[1]) or not int(match[2]):
        raise click.BadParameter(f"{value!r} is no shape; write ROWSxCOLUMNS, as 1000x1000")
    return int(match[1]), int(match[2])


@click.command()
@click.argument("inputs", metavar="[INPUT]...", nargs=-1, shell_complete=file_names)
@click.option(
    "-o",
    "--output",
    metavar="OUT.npy",
    shell_complete=file_names,
    help="Where to write the results, as one stack.  [default: they are computed and not kept]",
)
@click.option(
    "--op",
    "words",
    metavar="OP",
    multiple=True,
    default=("fft2",),
    show_default=True,
    help="What to do: fft2, ifft2, rfft2, irfft2, power, magnitude, phase, lowpass:R, highpass:R, bandpass:A,B or "
    "autocorrelate; several, with commas or repeated, are done in their order.",
)
@click.option(
    "--window",
    type=click.Choice(_WINDOWS),
    default="none",
    show_default=True,
    help="Fade each chunk out towards its edges first.",
)
@click.option("--shift", is_flag=True, help="Bring frequency 0 to the middle of the result.")
@click.option(
    "--norm",
    type=click.Choice(["backward", "ortho", "forward"]),
    default="backward",
    show_default=True,
    help="Which transform is scaled: the inverse, both by the square root, or the forward.",
)
@click.option(
    "--chunks",
    type=click.IntRange(1),
    metavar="N",
    help="The first N chunks alone; without INPUT, so many random ones.  [default: all; 100]",
)
@click.option(
    "--shape",
    callback=_shape,
    metavar="RxC",
    help="Rows and columns of a chunk, of random or raw values.  [default: 1000x1000]",
)
@click.option("--dtype", metavar="TYPE", help="Type of random or raw values: float32, <i2 ...  [default: float64]")
@seed_option
@click.option(
    "--on-error",
    type=click.Choice(["skip", "stop"]),
    default="skip",
    show_default=True,
    help="After a chunk that fails: go on, its place marked by NaN, or stop.",
)
@click.option(
    "--retry",
    type=click.IntRange(0, 100),
    default=0,
    show_default=True,
    metavar="N",
    help="Try a chunk that could not be read N times again, with a pause; one that is damaged fails at once.",
)
@click.option("--strict", is_flag=True, help="A chunk with a value that is NaN or infinite fails.")
@click.option(
    "--resume",
    is_flag=True,
    help="Go on with what an interrupted run has left of OUT.npy; where there is nothing, begin.",
)
@click.option(
    "--preview", metavar="FILE.png", shell_complete=file_names, help="Write a picture of the first result to FILE.png."
)
@engine_options
@common_options
def fft(
    common: Common,
    inputs: tuple[str, ...],
    output: str | None,
    words: tuple[str, ...],
    window: str,
    shift: bool,
    norm: str,
    chunks: int | None,
    shape: tuple[int, int] | None,
    dtype: str | None,
    seed: int,
    on_error: str,
    retry: int,
    strict: bool,
    resume: bool,
    preview: str | None,
    placement: Placement,
) -> int:
    r"""Transform a stream of two-dimensional array chunks: spectra, filters, autocorrelation.

    INPUT is a stack in one .npy file (the first axis is the chunk), .npy files of one chunk each, a directory of
    them, or with --dtype and --shape raw values; without any, chunks are random. Each result has its own place in
    OUT.npy, which is the same for any number of threads and appears when it is whole. A chunk that fails is named,
    and its place marked by NaN. R, A and B are frequencies in cycles a sample: 0.5 is the finest.

    \b
    Examples:
      concli pipeline fft --chunks 20 --shape 256x256
      concli pipeline fft stack.npy --op power --window hann --shift -o power.npy
      concli pipeline fft frames/ --op lowpass:0.1 -o smooth.npy --resume
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # numpy starts no threads for what is not used here
    from concli.arrays.fft import Job, operations, transform  # noqa: PLC0415 - help must not wait for numpy
    from concli.cli.pipeline_fft_table import render  # noqa: PLC0415
    from concli.cli.session import session  # noqa: PLC0415
    from concli.engines.choose import Work  # noqa: PLC0415

    engine, engine_config = placement.engine(common.threads, lambda: Work(holds_gil=False), output)
    job = Job(
        inputs,
        output,
        operations(words),
        window,
        shift,
        norm,
        chunks,
        shape,
        dtype,
        seed,
        stops=on_error == "stop",
        strict=strict,
        retries=retry,
        resume=resume,
        preview=preview,
        engine=engine,
    )
    config: dict[str, object] = {
        "inputs": inputs,
        "output": output,
        "op": words,
        "window": window,
        "shift": shift,
        "norm": norm,
        "chunks": chunks,
        "shape": shape,
        "dtype": dtype,
        "seed": seed,
        "on_error": on_error,
        "retry": retry,
        "strict": strict,
        "resume": resume,
        "preview": preview,
        "threads": common.threads,
        **engine_config,
    }
    with session("pipeline fft", config, common, table=render) as this:
        try:
            outcome = transform(job, this.run, _teller(this))
        except BaseException:
            totals = this.run.totals()
            if output is not None and (kept := totals.get("done", 0) + totals.get("resumed", 0)):
                this.complain(f"{kept:,} of {totals['chunks']:,} chunks are kept; --resume goes on from there")
            raise
        untold = len(outcome.failures) - _TOLD
        if untold > 0:
            this.complain(f"{untold:,} more chunks failed; the report names them")
        if outcome.has_stopped:
            this.complain("stopped at the first failure; --resume goes on from here")
        if outcome.failures:
            this.exit_code = 1
    return this.exit_code


def _teller(this: "Session") -> "Callable[[Failure], None]":
    """Return what says of a failure, one of the first, which chunk it is and why."""
    told: list[Failure] = []

    def tell(failure: "Failure") -> None:
        told.append(failure)
        if len(told) <= _TOLD:
            this.complain(f"chunk {failure.chunk} ({failure.name}): {failure.reason}")

    return tell
