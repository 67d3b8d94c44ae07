"""What is told of a product, while it is made and at its end."""

import time
from dataclasses import dataclass, field
from typing import Any

from concli.arrays.blas import blas
from concli.arrays.calibrate import Peak
from concli.arrays.crew import Crew
from concli.arrays.freivalds import Outcome
from concli.arrays.kernels import Choice
from concli.arrays.normalize import Normalization
from concli.arrays.plan import Plan, Shape
from concli.metrics import Run, Verdict

__all__ = ["UNITS", "Facts", "check", "result_of", "totals_of", "verdict_of"]

#: The phases whose work the engine's workers do, wherever they are; the others are the job's own threads'.
UNITS = ("calibrate", "multiply", "products")


@dataclass(slots=True)
class Facts:
    """What is known of a product so far. The thread that began it alone changes this."""

    shape: Shape
    plan: Plan
    kernel: Choice
    limited_by: str
    normalize: str
    crew: Crew | None = None
    peak: Peak | None = None
    normalization: Normalization | None = None
    phases: tuple[str, ...] = ("multiply",)
    tiles: int | None = None
    test: Outcome | None = None
    error_bound: float | None = None
    integers: str | None = None
    resident: int | None = None
    bytes_out: int = 0
    is_over: bool = False
    began: float = field(default_factory=time.perf_counter)
    library: Any = field(default_factory=blas)


def totals_of(facts: Facts) -> dict[str, int]:
    """Return the job's own counts."""
    done = sum(worker.items for worker in facts.crew.workers) if facts.crew else 0
    return {"tiles": done, "operations": facts.crew.flops() if facts.crew else 0, "bytes_out": facts.bytes_out}


def result_of(facts: Facts) -> dict[str, object]:
    """Return what this command alone reports."""
    crew, shape, library = facts.crew, facts.shape, facts.library
    if crew is None:
        return {}
    seconds = crew.seconds(*facts.phases)
    flops = shape.flops if facts.is_over else crew.flops()
    if not facts.is_over:
        seconds = time.perf_counter() - (crew.began_at(*facts.phases) or time.perf_counter())
    rate, peak = flops / seconds if seconds else 0.0, facts.peak.per_s if facts.peak else 0.0
    normalization, test = facts.normalization, facts.test
    return {
        "rows": shape.rows,
        "inner": shape.inner,
        "columns": shape.columns,
        "dtype": str(shape.kind),
        "integers": facts.integers,
        "algorithm": facts.plan.algorithm,
        "why": facts.plan.why,
        "levels": facts.plan.levels,
        "memory": {"streamed": facts.plan.streamed, "matrices_bytes": shape.bytes, "tiles_bytes": facts.resident},
        "tiles": {"done": sum(worker.items for worker in crew.workers), "all": facts.tiles},
        "multiply_s": seconds,
        "gflops_per_s": rate / 1e9,
        "gflops_per_s_now": crew.flops_per_s_now() / 1e9,
        "peak_gflops_per_s": peak / 1e9,
        "peak_share": rate / peak if peak else None,
        "workers": [
            {
                "name": f"worker {worker.index}",
                "tiles": worker.items,
                "share": worker.flops / crew.flops() if crew.flops() else 0.0,
                "barrier_s": worker.barrier_s,
            }
            for worker in crew.workers
        ],
        "barrier": crew.barrier()._asdict(),
        "blas": {
            "name": library.name,
            "kernel": library.kernel,
            "asked_for": facts.kernel.kernel,
            "why": facts.kernel.why,
            "better": library.better,
            "one_thread_by": facts.limited_by,
        },
        "normalize": {
            "by": facts.normalize,
            "largest": normalization.largest if normalization and facts.normalize == "max" else None,
            "rows_left": normalization.left_rows if normalization else 0,
        },
        "odd": {
            "nan": normalization.nan if normalization else 0,
            "infinite": normalization.infinite if normalization else 0,
        },
        "units": UNITS,
        "check": test._asdict() if test else None,
        "error_bound": facts.error_bound,
    }


def check(facts: Facts, run: Run, *, asked_for: bool) -> None:
    """Add the checks of a product that is whole; ``asked_for``: that it is tested was the user's wish."""
    workers = facts.crew.workers if facts.crew else []
    if facts.tiles is not None:
        items, done = sum(worker.items for worker in workers), sum(worker.flops for worker in workers)
        run.check("every tile was multiplied once", items == facts.tiles, f"{items:,} of {facts.tiles:,}")
        run.check("all of the product was computed", done == facts.shape.flops, f"{done:,} operations")
    test = facts.test
    if test is not None:
        where = "" if test.passed else f"row {test.wrong} is wrong; "
        missed = f"a wrong element with a probability of at most 2^-{test.rounds} ({test.failure_probability:.1e})"
        error = f"largest relative error {test.largest_error:.1e} in {test.rows:,} rows"
        name = "the product is that of A and B" if asked_for else "the error is within Strassen's bound"
        run.check(name, test.passed, f"{where}{test.rounds} rounds, which miss {missed}; {error}")


def verdict_of(facts: Facts) -> Verdict | None:
    """Say what took the time."""
    crew = facts.crew
    if crew is None:
        return None
    spans = {name: crew.seconds(name) for name in crew.names()}
    if not any(spans.values()):
        return None
    name = max(spans, key=lambda one: spans[one])
    elapsed = time.perf_counter() - facts.began if not facts.is_over else sum(spans.values())
    waited = sum(worker.barrier_s for worker in crew.workers) / len(crew.workers)
    why = f"{min(1.0, spans[name] / elapsed):.0%} of the phases' time" if elapsed else "the longest phase"
    return Verdict(name, f"{why}; a worker waited {waited:.3f} s at the barrier")
