"""The job: items in, each through the same stages, and a record of each out."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

from concli.errors import UsageError
from concli.files import Output, open_output
from concli.metrics import Run, Verdict
from concli.patterns import TaskPipeline, ThreadGroup
from concli.tasks.chain import Chain, Defaults, Observer
from concli.tasks.collect import Collector, Failure
from concli.tasks.items import Item, Items
from concli.tasks.joblog import Done, Joblog
from concli.tasks.records import SHOWN
from concli.tasks.stages import StageSpec
from concli.tasks.verdict import Limit
from concli.tasks.writer import Writer

__all__ = ["Job", "Outcome", "do_tasks", "planned"]

_GRACE_S = 0.1  # for what goes on when a run is interrupted, before it is cancelled
_HELD = 256  # tasks that may at least be held back so that the output is in order


class Job(NamedTuple):
    """What to do with which items.

    ``output`` is a file, None or ``-`` for standard output, to which a task's ``record`` or ``result`` is ``shown``.
    ``on_error`` is what becomes of the others when a task fails, or the share of them that may. With a ``joblog``
    what is done is noted in it, and to ``resume`` is to do the rest. See ``TaskPipeline`` and ``Joblog``.
    """

    stages: tuple[StageSpec, ...]
    items: Items
    output: str | None = None
    shown: str = "record"
    ordered: bool = True
    on_error: Literal["keep", "stop"] | float = "keep"
    limit_rate: float | None = None
    joblog: str | None = None
    resume: bool = False
    defaults: Defaults = Defaults()
    seed: int | None = None


class Outcome(NamedTuple):
    """How it went: of the tasks that ended how many failed, and whether that ended the run before its time."""

    ended: int
    failed: int
    has_stopped: bool


def planned(job: Job) -> Iterator[str]:
    """Yield in a line for each item what would be done with it; an item that can't be read is said to be none.

    Raises ``UsageError`` and ``InputError``.
    """
    chain = Chain(job.stages, job.defaults)
    parse = chain.stages(parses=True)[0].function if job.items.has_to_be_parsed else None
    for item in job.items:
        try:
            value = parse(item) if parse is not None else item.value
            yield chain.describe(value)
        except Exception as error:  # noqa: BLE001 - whatever it is, the task would fail with it
            yield f"# {type(error).__name__}: {error}"


def do_tasks(job: Job, run: Run, on_failure: Callable[[Failure], object] = lambda _: None) -> Outcome:
    """Do the job, registering its stages and counts on ``run``.

    ``on_failure`` is told of each task that fails. Raises ``UsageError``, ``InputError`` and ``OutputError``, alone or
    in an ``ExceptionGroup``; then, and on an interrupt, a file that is the output stays as it was, what had come out
    has been written to any other, and the joblog holds what is done.
    """
    try:
        if job.resume and job.joblog is None:
            raise UsageError("--resume: name what to go on with, by --joblog FILE")
        chain = Chain(job.stages, job.defaults)
        identity = {
            "--stage": [f"{spec.kind}:{spec.target}" for spec in job.stages],
            "--stdin": any(spec.stdin for spec in job.stages),
            "items": job.items.how,
        }
        output = open_output(job.output)
        try:
            with contextlib.ExitStack() as stack:
                done, joblog = None, None
                if job.joblog is not None:
                    done = stack.enter_context(contextlib.closing(Done(job.joblog, identity))) if job.resume else None
                    joblog = Joblog(job.joblog, identity, keep=done.size if done is not None else 0)
                    stack.callback(joblog.close)
                outcome = _Execution(job, run, chain, output, joblog, done, on_failure).execute()
            output.commit()
        except BaseException:
            output.abort()
            raise
        return outcome
    finally:
        run.end()
        job.items.close()


class _Execution:
    """One execution of a job."""

    def __init__(
        self,
        job: Job,
        run: Run,
        chain: Chain,
        output: Output,
        joblog: Joblog | None,
        done: Done | None,
        on_failure: Callable[[Failure], object],
    ) -> None:
        self._job = job
        self._run = run
        self._chain = chain
        self._output = output
        stages = chain.stages(parses=job.items.has_to_be_parsed)
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
        self._limit = Limit()
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
                {"name": stage.name, "retries": stage.retries, "abandoned": stage.abandoned}
                for stage in statistics.stages
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
