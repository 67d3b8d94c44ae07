"""The job: chunks in, the same operations on each, results out."""

import contextlib
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from concli.arrays.fft._source import Source
from concli.arrays.fft.collect import Collector, Failure, Slot
from concli.arrays.fft.operations import Operation, operations
from concli.arrays.fft.pipeline import Pipeline
from concli.arrays.fft.plan import Plan, make_plan
from concli.arrays.fft.preview import png
from concli.arrays.fft.source import find_source
from concli.arrays.fft.stack import Stack
from concli.arrays.fft.transform import make_transformer, scratch_bytes
from concli.arrays.travel import new_array
from concli.engines.engine import Engine, Place
from concli.engines.threads import Threads
from concli.errors import OutputError, UsageError
from concli.files import write_whole
from concli.metrics import Run
from concli.metrics.host import peak_rss_bytes

__all__ = ["Job", "Outcome", "transform"]

_FFT2 = operations(["fft2"])
_SPARE_SLOTS = 2  # beside one a thread: one that is being read, and one that is being written
_SLACK = 100 << 20  # bytes: the interpreter's own, and what the system has read ahead
_NAMED = 100  # failures in the report


class Job(NamedTuple):
    """What to transform, and how.

    ``inputs`` are files or directories, none for random chunks. ``resume`` goes on with what an interrupted run has
    left of ``output``; without an output the results are computed and not kept. Chunks are transformed by ``engine``,
    or by ``threads``. See ``find_source``, ``make_plan``.
    """

    inputs: tuple[str, ...] = ()
    output: str | None = None
    operations: tuple[Operation, ...] = _FFT2
    window: str = "none"
    shift: bool = False
    norm: str = "backward"
    chunks: int | None = None
    shape: tuple[int, int] | None = None
    dtype: str | None = None
    seed: int = 0
    stops: bool = False
    strict: bool = False
    retries: int = 0
    resume: bool = False
    preview: str | None = None
    threads: int = 1
    engine: Engine | None = None


class Outcome(NamedTuple):
    """How it went: the chunks that failed, and whether that was the end of it."""

    failures: tuple[Failure, ...]
    has_stopped: bool


def transform(job: Job, run: Run, on_failure: Callable[[Failure], object] = lambda _: None) -> Outcome:
    """Do the job, registering its stages and counts on ``run``.

    ``on_failure`` is told at once of each chunk that fails. Raises ``UsageError``, ``InputError`` if there is no chunk
    to be had, and ``OutputError``, alone or in an ``ExceptionGroup``; on that, and on an interrupt, what stood in the
    output's place before still stands, and what is done can be resumed.
    """
    try:
        if job.resume and job.output is None:
            raise UsageError("--resume: name what to go on with, by -o OUT.npy")
        dtype = None if job.dtype is None else _type(job.dtype)
        source = find_source(job.inputs, chunks=job.chunks, shape=job.shape, dtype=dtype, seed=job.seed)
        with contextlib.closing(source):
            plan = make_plan(job.operations, source.shape, source.dtype, window=job.window, shift=job.shift)
            stack = Stack(job.output, source.count, plan.shape, plan.dtype) if job.output is not None else None
            return _transform(job, run, source, plan, stack, on_failure)
    finally:
        run.end()


def _transform(
    job: Job, run: Run, source: Source, plan: Plan, stack: Stack | None, on_failure: Callable[[Failure], object]
) -> Outcome:
    begun_with = peak_rss_bytes()
    try:
        what = _identity(job, source, plan)
        done = stack.begin(what, resume=job.resume) if stack is not None else {}
    except BaseException:
        if stack is not None:
            stack.keep()
        raise
    collector = Collector(
        stack,
        source.name,
        on_failure,
        done=done,
        is_spectrum=plan.steps[-1].after.can_shift,
        wants_picture=job.preview is not None,
        centres=plan.is_centred_when_shown and not job.shift,
    )
    engine = job.engine or Threads(job.threads)
    threads = max(1, min(engine.callers, source.count))
    in_flight = threads + _SPARE_SLOTS
    input_bytes = source.shape[0] * source.shape[1] * source.dtype.itemsize
    bound = in_flight * (input_bytes + plan.nbytes) + threads * scratch_bytes(plan) + _SLACK
    run.bytes_expected = (source.count - len(done)) * input_bytes
    run.totals = lambda: _totals(source.count, collector)
    facts = {
        "chunks": source.count,
        "shape": source.shape,
        "dtype": source.dtype.name,
        "result_shape": plan.shape,
        "result_dtype": plan.dtype.name,
        "steps": plan.names,
        "numpy": np.__version__,
        "memory": {"in_flight_chunks": in_flight, "bound_bytes": bound},
    }
    run.result = lambda: {**facts, **_result(collector)}
    try:
        with engine.open(make_transformer, plan, job.norm, job.strict) as place:
            run.engine = lambda: place.statistics()._asdict()
            pipeline = Pipeline(
                source,
                place,
                threads,
                collector,
                [_slot(place, source, plan) for _ in range(in_flight)],
                syncs=stack is not None,
                retries=job.retries,
                stops=job.stops,
            )
            pipeline.run([number for number in range(source.count) if number not in done], run)
        _check(run, source, collector, peak_rss_bytes() - begun_with, bound, has_stopped=pipeline.has_stopped)
        if stack is not None:
            _end(stack, collector, keeps=pipeline.has_stopped)
    except BaseException:
        if stack is not None:
            _rescue(stack, collector)
        raise
    if job.preview is not None and collector.picture is not None:
        write_whole(job.preview, png(collector.picture))
    return Outcome(tuple(sorted(collector.failures)), pipeline.has_stopped)


def _slot(place: Place[Any, Any], source: Source, plan: Plan) -> Slot:
    spare = new_array(place, (source.spare_bytes,), np.dtype(np.uint8))
    return Slot(spare, new_array(place, plan.shape, plan.dtype))


def _type(name: str) -> np.dtype[Any]:
    try:
        dtype = np.dtype(name)
    except (TypeError, SyntaxError, ValueError):
        dtype = None
    if dtype is None or dtype.kind not in "biufc":
        raise UsageError(f"--dtype: {name!r} is no type of numbers; write float32, int16, <f8, complex64 and the like")
    return dtype


def _end(stack: Stack, collector: Collector, *, keeps: bool) -> None:
    if keeps:
        _rescue(stack, collector)
    else:
        stack.commit()


def _rescue(stack: Stack, collector: Collector) -> None:
    """Note what is done, so that it can be resumed; leave nothing where nothing is."""
    with contextlib.suppress(OutputError):
        collector.sync()
    if collector.done + collector.resumed:
        stack.keep()
    else:
        stack.discard()


def _identity(job: Job, source: Source, plan: Plan) -> dict[str, object]:
    """Return what two runs must have in common for one to go on where the other ended: by the name of the option."""
    return {
        "format": 1,
        "INPUT": source.identity(),
        "--chunks": source.count,
        "--shape": source.shape,
        "--dtype": source.dtype.str,
        "--op": [[each.name, each.low, repr(each.high)] for each in job.operations],
        "--window": job.window,
        "--shift": job.shift,
        "--norm": job.norm,
        "--strict": job.strict,
        "version of numpy": np.__version__,
        "result": [plan.shape, plan.dtype.str],
    }


def _totals(count: int, collector: Collector) -> dict[str, int]:
    done, failed, resumed = collector.done, len(collector.failures), collector.resumed
    return {
        "chunks": count,
        "done": done,
        "failed": failed,
        "resumed": resumed,
        "left": count - done - failed - resumed,
        "bytes_in": collector.bytes_in,
        "bytes_out": collector.bytes_out,
    }


def _result(collector: Collector) -> Mapping[str, object]:
    shown = collector.shown
    return {
        "checksum": collector.checksum(),
        "not_finite": collector.not_finite,
        "failures": [failure._asdict() for failure in sorted(collector.failures)[:_NAMED]],
        "preview": None if shown is None else {"chunk": shown[0], "rows": shown[1]},
    }


def _check(run: Run, source: Source, collector: Collector, grown: int, bound: int, *, has_stopped: bool) -> None:
    totals = _totals(source.count, collector)
    numbers = [failure.chunk for failure in collector.failures]
    once = len(numbers) == len(set(numbers)) and totals["left"] >= 0
    run.check(
        "chunks = done + failed + resumed" + (" + left" if has_stopped else ""),
        once and (has_stopped or not totals["left"]),
        f"{totals['chunks']} = {totals['done']} + {totals['failed']} + {totals['resumed']} + {totals['left']}",
    )
    bound += source.unbounded_bytes
    run.check("memory stays within the chunks in flight", grown <= bound, f"{grown:,} of {bound:,} bytes")
