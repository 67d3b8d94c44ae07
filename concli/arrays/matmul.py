"""The job: the product of two matrices, by threads that go through its phases together.

In memory: fill or convert the inputs, measure the peak, multiply, normalize, check; then write. Larger than that: the
same with files that are mapped, and tiles that stream through memory.
"""

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy.typing as npt

from concli.arrays import blocked, strassen, streamed
from concli.arrays.calibrate import Peak
from concli.arrays.crew import Crew, Worker
from concli.arrays.freivalds import Freivalds
from concli.arrays.kernels import Choice
from concli.arrays.matmul_report import Facts, check, result_of, totals_of, verdict_of
from concli.arrays.normalize import MODES, Normalization
from concli.arrays.npy import Matrix, MatrixOutput, is_mappable, open_pair, opened, write_matrix
from concli.arrays.numbers import apart, as_kind, exactness, kind_for
from concli.arrays.one_thread import one_blas_thread
from concli.arrays.plan import ALGORITHMS, Plan, Room, Shape, plan_for, room_for
from concli.arrays.random_matrix import fill_items
from concli.arrays.tiles import tiles
from concli.arrays.units import Site, make_doer
from concli.engines.engine import Engine, Place
from concli.engines.threads import Threads
from concli.errors import UsageError
from concli.metrics import Run

__all__ = ["Job", "matmul"]

Array = npt.NDArray[Any]

_MOST_WORKERS = 256  # BLAS has so many places for those that multiply at the same time
_BOUND_ROUNDS = 8


class Job(NamedTuple):
    """What to multiply, and how.

    ``a`` and ``b`` are matrices or paths of ``.npy`` files; without them there are random ones of ``size`` (rows, inner
    length, columns). ``output`` is a path, ``-`` for standard output, or None. ``rounds`` of Freivalds' test check the
    product, if any. ``memory`` is how many bytes may be used, by default most of what is available. ``engine`` says
    where tiles are multiplied, by default in ``threads``; the rest is done by as many threads here. The product is the
    same on any engine with any number of workers, bit by bit, where BLAS and its kernels are the same, and, if it is
    larger than memory, ``memory`` is.
    """

    a: str | Array | None = None
    b: str | Array | None = None
    size: tuple[int, int, int] = (1024, 1024, 1024)
    output: str | None = None
    dtype: str | None = None
    normalize: str = "none"
    algorithm: str = "auto"
    rounds: int = 0
    memory: int | None = None
    threads: int = 1
    seed: int = 0
    kernel: Choice = Choice(None, "numpy was loaded by the caller")
    engine: Engine | None = None


def matmul(job: Job, run: Run) -> Array | None:
    """Do the job, registering its stages, counts and result on ``run``; return the product if it is in memory.

    Raises ``UsageError``, ``InputError`` and ``OutputError``, alone or in an ``ExceptionGroup``; on that, and on an
    interrupt, what stood in the output's place before still stands. Inputs are mapped: one that somebody cuts short
    while it is read ends the process by SIGBUS, as it does any that maps it; the output's place stays as it was.
    """
    try:
        if job.algorithm not in ALGORITHMS or job.normalize not in MODES:
            raise UsageError(f"there is no {job.algorithm} with {job.normalize}; see ALGORITHMS and MODES")
        left, right = open_pair(job.a, job.b)
        given = [one.array for one in (left, right) if one is not None]
        kind = kind_for([one.dtype for one in given], job.dtype)
        rows, inner, columns = (*given[0].shape, given[1].shape[1]) if given else job.size
        shape = Shape(rows, inner, columns, kind)
        room = room_for(job.memory)
        mappable = is_mappable(job.output) and isinstance(job.a, str) and isinstance(job.b, str)
        plan = plan_for(shape, job.algorithm, room, mappable=mappable)
        engine = job.engine or Threads(job.threads)
        with one_blas_thread() as limited_by, engine.open(make_doer) as place:
            run.engine = lambda: place.statistics()._asdict()
            product = _Product(job, run, shape, plan, room, limited_by, place, engine.workers)
            if plan.streamed and left is not None and right is not None:
                product.streamed(left, right)
                return None
            return product.in_memory(left, right)
    finally:
        run.end()


class _Product:
    """One product in the making."""

    def __init__(
        self,
        job: Job,
        run: Run,
        shape: Shape,
        plan: Plan,
        room: Room,
        limited_by: str,
        place: Place[Any, Any],
        threads: int,
    ) -> None:
        self._job, self._run, self._shape, self._plan, self._room = job, run, shape, plan, room
        self._place, self._threads = place, min(threads, _MOST_WORKERS)
        self._site = Site.at(place)
        self._facts = Facts(shape, plan, job.kernel, limited_by, job.normalize)

    def in_memory(self, left: Matrix | None, right: Matrix | None) -> Array:
        """Compute and write it."""
        rows, inner, columns, kind = self._shape
        with opened(self._job.output) as output:
            new = self._site.new
            a = new((rows, inner), kind) if left is None else left.array
            b = new((inner, columns), kind) if right is None else right.array
            if left is not None and right is not None:
                self._facts.integers = exactness(left.array, right.array, kind)
                a, b = apart(as_kind(a, kind, new), as_kind(b, kind, new))
            c = new((rows, columns), kind)
            workers = self._workers()
            crew, peak = self._crew(workers)
            tiled = blocked.Blocked(a, b, c, site=self._site)
            quick = None
            if self._plan.levels:
                quick = strassen.Strassen(a, b, c, levels=self._plan.levels, site=self._site)
            normalization = Normalization(c, self._job.normalize)
            test = self._test(a, b, c, normalization, quick)

            def program(worker: Worker) -> None:
                if left is None:
                    worker.phase("fill", fill_items(a, b, self._job.seed), lambda item: item())
                peak.program(worker)
                if quick is not None:
                    quick.look(worker)
                if quick is not None and quick.is_usable:
                    quick.program(worker)
                else:
                    tiled.program(worker)
                normalization.program(worker)
                if test is not None:
                    test.program(worker)

            self._facts.tiles = len(tiled.tiles) if quick is None else None
            self._work(crew, program, normalization, test, quick)
            if output is not None:
                began = time.perf_counter()
                written = write_matrix(output, c)
                self._run.stage("write").record(time.perf_counter() - began, items_in=1, items_out=1, bytes_out=written)
                self._facts.bytes_out = written
        return c

    def streamed(self, left: Matrix, right: Matrix) -> None:
        """Compute it in the output's file."""
        rows, inner, columns, kind = self._shape
        budget = self._room.bytes
        self._facts.integers = exactness(left.array, right.array, kind)
        output = MatrixOutput(self._job.output or "", (rows, columns), kind)
        try:
            workers = self._threads
            parts = streamed.cut(rows, inner, columns, kind.itemsize, budget=budget)
            crew, peak = self._crew(workers)
            tiled = streamed.Streamed(
                left, right, output.matrix, parts, budget=budget, workers=workers, site=self._site
            )
            band_bytes = budget // (8 * workers)
            normalization = Normalization(output.matrix.array, self._job.normalize, min(1 << 20, band_bytes))
            test = self._test(left.array, right.array, output.matrix.array, normalization, None, band_bytes)

            def program(worker: Worker) -> None:
                peak.program(worker)
                tiled.program(worker)
                normalization.program(worker, output.matrix.release)
                if test is not None:
                    test.program(worker)

            self._facts.tiles, self._facts.resident = tiled.tiles, parts.bytes
            self._work(crew, program, normalization, test, None)
            began = time.perf_counter()
            output.commit()
            size = self._shape.rows * self._shape.columns * kind.itemsize
            self._run.stage("write").record(time.perf_counter() - began, items_in=1, items_out=1, bytes_out=size)
            self._facts.bytes_out = size
        except BaseException:
            output.abort()
            raise

    def _workers(self) -> int:
        """Return how many workers find something to do."""
        rows, inner, columns, _ = self._shape
        parts = len(tiles(rows, columns, inner))
        return self._threads if self._plan.levels else max(1, min(self._threads, parts))

    def _crew(self, workers: int) -> tuple[Crew, Peak]:
        crew = Crew(workers, self._run)
        peak = Peak(self._shape.kind, workers=workers, flops=self._shape.flops, do=self._place)
        facts = self._facts
        facts.crew, facts.peak = crew, peak
        self._run.result = lambda: result_of(facts)
        self._run.totals = lambda: totals_of(facts)
        self._run.verdict = lambda: verdict_of(facts)
        return crew, peak

    def _test(
        self,
        a: Array,
        b: Array,
        c: Array,
        normalization: Normalization,
        quick: strassen.Strassen | None,
        band_bytes: int = 1 << 24,
    ) -> Freivalds | None:
        rounds = self._job.rounds or (_BOUND_ROUNDS if quick is not None else 0)
        if not rounds:
            return None
        return Freivalds(
            a,
            b,
            c,
            rounds=rounds,
            seed=self._job.seed,
            divisors=normalization.divisors,
            element_bound=lambda: quick.element_bound() if quick is not None and quick.is_usable else 0.0,
            band_bytes=band_bytes,
        )

    def _work(
        self,
        crew: Crew,
        program: Callable[[Worker], object],
        normalization: Normalization,
        test: Freivalds | None,
        quick: strassen.Strassen | None,
    ) -> None:
        facts, run = self._facts, self._run
        facts.normalization = normalization
        if quick is not None:
            facts.phases = (*strassen.PHASES, *blocked.PHASES)
        elif self._plan.streamed:
            facts.phases = streamed.PHASES
        crew.run(program, self._place.cancel)
        facts.is_over = True
        if quick is not None and not quick.is_usable:
            facts.plan = Plan("blocked", "an input has a NaN or an infinity, which Strassen's would spread", 0, False)
        elif quick is not None:
            facts.error_bound = quick.element_bound()
        facts.test = test.outcome() if test is not None else None
        check(facts, run, asked_for=bool(self._job.rounds))
