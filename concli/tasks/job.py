"""The job: items in, each through the same stages, and a record of each out."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any, Literal, NamedTuple

from concli.engines.engine import Engine, Place
from concli.engines.threads import Threads
from concli.errors import UsageError
from concli.files import open_output
from concli.metrics import Run
from concli.tasks._execution import Execution, Outcome
from concli.tasks.chain import Chain, Defaults
from concli.tasks.collect import Failure
from concli.tasks.items import Items, parse
from concli.tasks.joblog import Done, Joblog
from concli.tasks.placing import NoWorkers
from concli.tasks.stages import StageSpec
from concli.tasks.stages.worker import Unit

__all__ = ["Job", "Outcome", "do_tasks", "planned"]


class Job(NamedTuple):
    """What to do with which items.

    ``output`` is a file, None or ``-`` for standard output, to which a task's ``record`` or ``result`` is ``shown``.
    ``on_error`` is what becomes of the others when a task fails, or the share of them that may. With a ``joblog``
    what is done is noted in it, and to ``resume`` is to do the rest. See ``TaskPipeline`` and ``Joblog``.
    The calls of Python stages are made by ``engine``, or by threads of the stages' own.
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
    engine: Engine | None = None


def planned(job: Job) -> Iterator[str]:
    """Yield in a line for each item what would be done with it; an item that can't be read is said to be none.

    Raises ``UsageError`` and ``InputError``.
    """
    chain = _chain(job)
    for item in job.items:
        try:
            yield chain.describe(parse(item) if job.items.has_to_be_parsed else item.value)
        except Exception as error:  # noqa: BLE001 - whatever it is, the task would fail with it
            yield f"# {type(error).__name__}: {error}"


def do_tasks(job: Job, run: Run, on_failure: Callable[[Failure], object] = lambda _: None) -> Outcome:
    """Do the job, registering its stages and counts on ``run``.

    ``on_failure`` is told of each task that fails. Raises ``UsageError``, ``InputError``, ``OutputError`` and
    ``EngineLost``, alone or in an ``ExceptionGroup``; then, and on an interrupt, a file that is the output stays as it
    was, what had come out has been written to any other, and the joblog holds what is done.
    """
    try:
        if job.resume and job.joblog is None:
            raise UsageError("--resume: name what to go on with, by --joblog FILE")
        chain = _chain(job)
        with chain.open() as place:
            run.engine = lambda: place.statistics()._asdict()
            return _do_tasks(job, run, chain, place, on_failure)
    except NoWorkers as ended:
        raise ended.error from None
    finally:
        run.end()
        job.items.close()


def _chain(job: Job) -> Chain:
    return Chain(job.stages, job.defaults, job.engine or Threads(job.defaults.workers))


def _do_tasks(
    job: Job, run: Run, chain: Chain, place: Place[Unit, Any], on_failure: Callable[[Failure], object]
) -> Outcome:
    """Do the job with its files: they are put in their places, or left as they were."""
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
            outcome = Execution(job, run, chain, place, output, joblog, done, on_failure).execute()
        output.commit()
    except BaseException:
        output.abort()
        raise
    return outcome
