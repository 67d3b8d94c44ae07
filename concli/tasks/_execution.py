"""One execution of a job: the pipeline, the threads at its ends, and what it tells of itself."""

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from concli.engines.engine import Place
from concli.files import Output
from concli.metrics import Run, Verdict
from concli.patterns import TaskPipeline, ThreadGroup
from concli.tasks.chain import Chain, Observer
from concli.tasks.collect import Collector, Failure
from concli.tasks.items import Item
from concli.tasks.joblog import Done, Joblog
from concli.tasks.records import SHOWN
from concli.tasks.stages.worker import Unit
from concli.tasks.verdict import Limit
from concli.tasks.writer import Writer

if TYPE_CHECKING:
    from concli.tasks.job import Job

__all__ = ["Execution", "Outcome"]

_GRACE_S = 0.1  # for what goes on when a run is interrupted, before it is cancelled
_HELD = 256  # tasks that may at least be held back so that the output is in order


class Outcome(NamedTuple):
    """How it went: of the tasks that ended how many failed, and whether that ended the run before its time."""

    ended: int
    failed: int
    has_stopped: bool


class Execution:
    """Does a job, once; ``place`` is the chain's."""

    def __init__(
        self,
        job: "Job",
        run: Run,
        chain: Chain,
        place: Place[Unit, Any],
        output: Output,
        joblog: Joblog | None,
        done: Done | None,
        on_failure: Callable[[Failure], object],
    ) -> None:
        self._job = job
        self._run = run
        self._chain = chain
        self._place = place
        self._output = output
        stages = chain.stages(place, parses=job.items.has_to_be_parsed)
        self._observer = Observer(run)
        self._pipeline = TaskPipeline(
            stages,
            ordered=False,  # the collector sees to that: it has to know at once what is done
            on_error=job.on_error,
            limit_rate=job.limit_rate,
            grace=_GRACE_S,
            seed=job.seed,
            observe=self._observer.told,
            around=run.threads.watch,
        )
        self._observer.watch(self._pipeline)
        self._writer = Writer(output, joblog)
        self._collector = Collector(
            self._writer,
            SHOWN[job.shown],
            ordered=job.ordered,
            window=max(_HELD, 4 * sum(stage.workers + stage.queue_size for stage in stages)),
            notes=joblog is not None,
            done=done,
            shows_resumed=output.is_new,
            on_failure=on_failure,
        )
        self._limit = Limit(place.statistics)
        self._is_over = False
        self._has_stopped = False
        run.bytes_expected = job.items.size or 0
        run.totals = self.totals
        run.result = self.result
        run.verdict = self.verdict

    def execute(self) -> Outcome:
        """Do it all."""
        group = ThreadGroup(around=self._run.threads.watch)
        try:
            with group:
                group.on_stop(self._writer.end)
                group.spawn(self._writer.write, name="write")
                try:
                    self._do_tasks()
                except BaseException:
                    self._writer.hurry()
                    raise
                finally:
                    self._collector.finish(self._job.items.read)
                    self._writer.end()
        except BaseException:
            self._output.cancel()  # of a reader so slow that the group did not wait for it
            with contextlib.suppress(Exception):
                group.wait(_GRACE_S)
            raise
        finally:
            self._is_over = True
            self._limit.stop()
            self._run.end()
        self._check()
        out = self._collector.out
        return Outcome(sum(out.values()), out["failed"], self._has_stopped)

    def _do_tasks(self) -> None:
        job, collector = self._job, self._collector
        with contextlib.closing(self._pipeline.run(self._admitted())) as tasks:
            try:
                for task in tasks:
                    collector.take(task)
            except BaseException as error:
                collector.close()
                self._place.cancel()
                self._chain.cancel()
                # What ends a run because tasks failed has been counted with these.
                self._has_stopped = (
                    isinstance(error, Exception)
                    and job.items.problem is None
                    and job.on_error != "keep"
                    and collector.out["failed"] > 0
                )
                if not self._has_stopped:
                    raise

    def _admitted(self) -> Iterator[Item]:
        for item in self._job.items:
            is_admitted = self._collector.admit(item)
            if is_admitted is None:
                return
            if is_admitted:
                yield item

    def totals(self) -> dict[str, int]:
        """Return the counts: read is the sum of the other tasks, and of those at work."""
        out, resumed = self._collector.out, self._collector.resumed
        read = self._pipeline.statistics().items_in + resumed
        if self._is_over:  # what was at work when it was interrupted has been given up
            out["cancelled"] = read - resumed - out["done"] - out["failed"]
        bytes_in, bytes_out = self._job.items.bytes_in, self._writer.bytes_out
        return {"read": read, **out, "resumed": resumed, "bytes_in": bytes_in, "bytes_out": bytes_out}

    def result(self) -> dict[str, object]:
        """Return what only this command reports."""
        statistics = self._pipeline.statistics()
        return {
            "expected": self._job.items.expected,
            "stages": [
                {
                    "name": stage.name,
                    "retries": stage.retries,
                    "abandoned": stage.abandoned + self._chain.abandoned(number),
                }
                for number, stage in enumerate(statistics.stages)
            ],
            "stopped": self._has_stopped,
            "failures": [failure._asdict() for failure in self._collector.failures.copy()],
        }

    def verdict(self) -> Verdict | None:
        """Return what limits the run."""
        return self._limit.find(self._observer.usages())

    def _check(self) -> None:
        totals, count = self.totals(), self._pipeline.statistics().items_in
        out = self._collector.out
        ended = sum(out.values())
        self._run.check(
            "read = done + failed + cancelled + resumed",
            count == ended,
            f"{totals['read']:,} = {out['done']:,} + {out['failed']:,} + {out['cancelled']:,} + {totals['resumed']:,}",
        )
        self._run.check(
            "every task came out once", self._collector.is_each_once(count), f"{ended:,} came out of {count:,}"
        )
