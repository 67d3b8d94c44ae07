"""The stages of a run: what was asked for, as a task pipeline takes it, and what each is seen to do."""

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

from concli.engines.engine import Engine, Place
from concli.engines.threads import Threads
from concli.metrics import Run, StageUsage
from concli.metrics.histogram import Histogram
from concli.metrics.report import QueueUsage
from concli.patterns import Stage, StageStatistics, TaskPipeline, _sync
from concli.tasks.items import Item, parse
from concli.tasks.placing import Placed
from concli.tasks.stages import StageCall, StageSpec, make_call
from concli.tasks.stages.function import Function
from concli.tasks.stages.worker import Callers, Step, Unit, make_calls

__all__ = ["Chain", "Defaults", "Observer"]

_QUEUE = 256
_PATIENCE_S = 10.0  # a command that was killed is gone sooner, if the system lets it go at all


class Defaults(NamedTuple):
    """What a stage has that does not say otherwise."""

    workers: int = 1
    timeout: float | None = None
    retries: int = 0


class Chain:
    """The calls of a chain of stages, ready to be made. Raises ``UsageError`` for one that can't be made.

    Those of Python stages are made by the workers of ``engine``, which they share: so many is what such a stage has
    that does not say otherwise.
    """

    def __init__(self, specs: Sequence[StageSpec], defaults: Defaults, engine: Engine) -> None:
        self._calls: list[tuple[StageSpec, StageCall]] = []
        self._steps: list[Step] = []
        self._placed: dict[int, Placed] = {}  # by the number of the stage
        self._callers = Callers()
        self._engine = engine
        for asked in specs:
            spec = asked._replace(
                workers=asked.workers or (engine.workers if asked.kind == "py" else defaults.workers),
                timeout=asked.timeout or defaults.timeout,
                retries=defaults.retries if asked.retries is None else asked.retries,
            )
            call = make_call(spec)
            self._calls.append((spec, call))
            if isinstance(call, Function):
                self._steps.append(Step(spec.target, call.module, spec.name, spec.timeout))
        self._killable = _Going()

    @contextlib.contextmanager
    def open(self) -> Iterator[Place[Unit, Any]]:
        """Have a place for the calls of Python stages, in the block. Without one, no engine has anything to do."""
        engine = self._engine if self._steps else Threads(1)
        with engine.open(make_calls, os.getcwd(), tuple(self._steps), self._callers) as place:
            try:
                yield place
            finally:
                self._callers.stop()

    def stages(self, place: Place[Unit, Any], *, parses: bool) -> list[Stage]:
        """Return the stages; first one that ``parses`` the items, if they have to be."""
        stages = [Stage(parse, name="parse")] if parses else []
        for spec, call in self._calls:
            function: Callable[[Any], Any] = call
            timeout = spec.timeout
            if call.kills_at_timeout:
                function, timeout = self._killable.counting(call), None
            elif isinstance(call, Function):
                placed = self._placed[len(stages)] = Placed(place, len(self._placed))
                function, timeout = placed.function, None
            if not stages:
                function = _of_value(function)
            workers = spec.workers or 1
            stages.append(
                Stage(
                    function,
                    name=spec.name,
                    workers=workers,
                    queue_size=spec.queue or max(_QUEUE, 2 * workers),
                    retries=spec.retries or 0,
                    timeout=timeout,
                )
            )
        return stages

    def abandoned(self, number: int) -> int:
        """Return how many calls of a stage were left behind in a worker."""
        return self._placed[number].abandoned if number in self._placed else 0

    def describe(self, item: object) -> str:
        """Return in a line what would be done with an item: the first stage's call, then what gets its result."""
        (_, first), *rest = self._calls
        return " | ".join([first.describe(item), *(f"{spec.kind}:{spec.target}" for spec, _ in rest)])

    def cancel(self) -> None:
        """End the calls that are going on, as far as they can be ended, and wait until these have."""
        self._callers.stop()
        for _, call in self._calls:
            call.cancel()
        self._killable.wait()


class _Going:
    """The calls that are going on. A program that ended before them would leave behind what they have started."""

    def __init__(self) -> None:
        # The condition guards the count.
        self._none = _sync.Condition()
        self._count = 0

    def counting(self, call: StageCall) -> Callable[[Any], Any]:
        """Return what makes a call, and counts it."""

        def counted(item: Any) -> Any:
            with self._none:
                self._count += 1
            try:
                return call(item)
            finally:
                with self._none:
                    self._count -= 1
                    self._none.notify_all()

        return counted

    def wait(self) -> None:
        """Wait until there are none, but not for one that can't be ended."""
        with self._none:
            self._none.wait_for(lambda: not self._count, _PATIENCE_S)


def _of_value(function: Callable[[Any], Any]) -> Callable[[Item], Any]:
    return lambda item: function(item.value)


class Observer:
    """Has the report show the stages of a pipeline; ``told`` is what the pipeline calls."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._usages: list[Callable[[], StageUsage]] = []
        # The mutex guards the histograms.
        self._mutex = _sync.Lock()
        self._histograms: dict[str, Histogram] = {}

    def watch(self, pipeline: TaskPipeline) -> None:
        """Register the stages of the pipeline that is told of."""
        for index in range(len(pipeline.stages)):
            usage = partial(self._usage, pipeline, index)
            self._usages.append(usage)
            self._run.register(usage)

    def told(self, name: str, seconds: list[float], errors: int) -> None:
        """Note what calls of a stage took, made by the calling thread since the last time."""
        self._run.threads.count(operations=len(seconds), errors=errors)
        if self._run.trace is not None:
            self._run.trace.span(name, sum(seconds))
        with self._mutex:
            self._histograms.setdefault(name, Histogram()).add_all(seconds)

    def usages(self) -> list[StageUsage]:
        """Return a snapshot of each stage."""
        return [usage() for usage in self._usages]

    def _usage(self, pipeline: TaskPipeline, index: int) -> StageUsage:
        statistics = pipeline.statistics()
        stage = statistics.stages[index]
        after = statistics.stages[index + 1].queue if index + 1 < len(statistics.stages) else statistics.output
        queue = stage.queue
        return StageUsage(
            name=stage.name,
            workers=stage.workers,
            items_in=stage.items_in,
            items_out=stage.items_out,
            bytes_in=0,
            bytes_out=0,
            errors=stage.errors,
            busy_s=stage.busy_s,
            starved_s=queue.get_wait_s,
            blocked_s=after.put_wait_s,
            p50_ms=self._quantile_ms(stage, 0.5),
            p99_ms=self._quantile_ms(stage, 0.99),
            queue=QueueUsage(queue.capacity, queue.peak, queue.mean, queue.size, "tasks"),
        )

    def _quantile_ms(self, stage: StageStatistics, share: float) -> float | None:
        with self._mutex:
            histogram = self._histograms.get(stage.name)
            seconds = None if histogram is None else histogram.quantile(share)
        return None if seconds is None else seconds * 1e3
