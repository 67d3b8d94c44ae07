"""A thread of a thread pool: it takes one task after the other, and rests in between."""

import contextlib
from collections.abc import Callable
from concurrent.futures._base import CANCELLED, LOGGER, PENDING
from contextvars import Context
from typing import TYPE_CHECKING, Any

from concli.patterns import _sync
from concli.patterns.future import Future

if TYPE_CHECKING:
    from concli.patterns._crew import Crew

__all__ = ["Task", "Worker"]

Task = tuple[Future[Any], Context, Callable[..., Any], tuple[object, ...], dict[str, Any]]


class Worker:
    """One thread and its record, which nobody else writes but to put a task into an idle worker's hands."""

    __slots__ = (
        "_context",
        "_crew",
        "_has_failed",
        "bell",
        "cancelled",
        "completed",
        "failed",
        "has_begun",
        "task",
        "thread",
    )

    def __init__(self, crew: "Crew", name: str, context: Context | None) -> None:
        self._crew = crew
        self._context = context  # for the initializer, if there is one
        self.thread = _sync.Thread(target=self._live, name=name, daemon=False)
        self.bell = _sync.Lock()  # an idle worker waits at it; whoever takes it out of the idle ones rings, once
        self.bell.acquire()
        self.task: Task | None = None
        self.has_begun = False
        # A task is counted before its outcome is given, so that whoever has the outcome finds it counted.
        self.completed = self.failed = self.cancelled = 0
        self._has_failed: bool | None = None  # how the task in hand has been counted

    def _live(self) -> None:
        try:
            if self._crew.admit(self) and (self._context is None or self._initialize(self._context)):
                self._work_on()
        finally:
            # Whatever is thrown in, a thread that goes has to be counted out: others wait for that.
            has_gone = False
            while not has_gone:
                try:
                    has_gone = self._crew.dismiss(self)
                except BaseException:  # noqa: BLE001 - as it says
                    LOGGER.critical("Exception in worker", exc_info=True)

    def _initialize(self, context: Context) -> bool:
        self._context = None  # it may hold the pool
        try:
            context.run(self._crew.initializer, *self._crew.initargs)  # type: ignore[arg-type]  # there is one
        except BaseException:  # noqa: BLE001 - logged as the standard library does
            LOGGER.critical("Exception in initializer:", exc_info=True)
            self._crew.break_down()
            return False
        return True

    def _work_on(self) -> None:
        failure: BaseException | None = None
        while True:
            try:
                if failure is not None:
                    self._recover(failure)
                    LOGGER.critical("Exception in worker", exc_info=failure)
                    failure = None
                return self._work()
            except BaseException as error:  # noqa: BLE001 - thrown in from outside; the tasks are still owed
                failure = error

    def _work(self) -> None:
        crew = self._crew
        while True:
            if self.task is not None:
                self._perform(self.task)
            if not crew.queue:
                if not self._rest():
                    return
                continue
            with contextlib.suppress(IndexError):
                if crew.max_queue:
                    crew.take(self)
                else:
                    # Not plain calls: an exception thrown in on the way back would lose the task.
                    for self.task in iter(crew.queue.popleft, None):
                        self._perform(self.task)

    def _rest(self) -> bool:
        """Wait for work; False if there won't be any."""
        crew = self._crew
        with crew.mutex:
            if crew.queue:
                return True
            if crew.refusal is not None:
                return False
            crew.idle.append(self)
        if crew.refusal is not None:  # nobody has had the pool since, and this thread may have been in the way
            crew.abandon()
        self.bell.acquire()
        return True

    def _perform(self, task: Task) -> None:
        future, context, fn, args, options = task
        if future.set_running_or_notify_cancel():
            try:
                result = context.run(fn, *args, **options)
            except BaseException as failure:  # noqa: BLE001 - it is whoever holds the future who has to see it
                self.failed += 1
                self._has_failed = True
                future.set_exception(failure)
                # Or the failure's traceback would hold this frame, and this frame the failure.
                del future, context, args, options, task
            else:
                self.completed += 1
                self._has_failed = False
                future.set_result(result)
        else:
            self.cancelled += 1
        self.task = self._has_failed = None

    def _recover(self, failure: BaseException) -> None:
        """Put the accounts right after an exception from outside."""
        crew = self._crew
        with crew.mutex:
            if self in crew.idle:
                crew.idle.remove(self)
            self.bell = _sync.Lock()  # whether the old one has been rung doesn't matter: there may be a task
            self.bell.acquire()
            crew.submitters.wake()  # it may have been on its way to do that
        if self.task is None:
            return
        future = self.task[0]
        if future._state in (PENDING, CANCELLED):  # noqa: SLF001 - nothing else tells who has noticed a cancel
            return  # it is still to be performed
        if future.running():
            if self._has_failed is False:
                self.completed -= 1
            if not self._has_failed:
                self.failed += 1
            self._has_failed = True
            future.set_exception(failure)
        elif self._has_failed is None:
            self.cancelled += 1
        self.task = self._has_failed = None
