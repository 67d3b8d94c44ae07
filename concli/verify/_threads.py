"""Threads, and what belongs to each of them alone, while schedules are explored."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from concli.verify._options import INTERRUPT
from concli.verify._primitives import Interrupt
from concli.verify._scheduler import Scheduler
from concli.verify._strand import Abort, Strand

if TYPE_CHECKING:
    from concli.verify._strand import Crew

__all__ = ["Local", "Thread", "Uncaught", "sleep"]


class Uncaught(Exception):  # noqa: N818 - it carries one
    """A thread made by the code under test has ended with an exception."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(error)
        self.error = error


class Thread:
    """``threading.Thread``: its start and its end are seen by the scheduler."""

    def __init__(
        self,
        scheduler: Scheduler,
        crew: "Crew | None",
        group: None = None,
        target: Callable[..., object] | None = None,
        name: str | None = None,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
        *,
        daemon: bool | None = None,
    ) -> None:
        del group
        self._scheduler = scheduler
        self._crew = crew
        self._target, self._args, self._kwargs = target, args, kwargs or {}
        self.name = name or f"thread-{len(scheduler.strands)}"
        self.daemon = bool(daemon)
        self.strand: Strand | None = None

    @property
    def ident(self) -> int | None:
        """The number of the thread, once it has begun."""
        return None if self.strand is None else self.strand.number + 1

    native_id = ident

    def start(self) -> None:
        """Begin; the new thread runs when it is its turn."""
        if self.strand is not None or self._crew is None:
            raise RuntimeError("threads can only be started once")
        strand = self._crew.man(self.name, self._run)
        strand.thread = self
        self._scheduler.begin(strand)
        self.strand = strand
        self._scheduler.point("start", self)

    def _run(self) -> None:
        try:
            self.run()
        except (Abort, SystemExit):
            pass
        except BaseException as error:  # noqa: BLE001 - it becomes the outcome of the schedule
            error.add_note(f"in {self.name}")
            self._scheduler.fail(Uncaught(error))

    def run(self) -> None:
        """Do what the thread is for."""
        if self._target is not None:
            self._target(*self._args, **self._kwargs)

    def join(self, timeout: float | None = None) -> None:
        """Wait until the thread has ended."""
        strand = self.strand
        if strand is None:
            raise RuntimeError("cannot join thread before it is started")
        scheduler = self._scheduler
        if strand is scheduler.current:
            raise RuntimeError("cannot join current thread")
        if strand.owner is None:
            scheduler.point("join", self)
        elif (timeout is None or timeout > 0) and (
            scheduler.wait(strand, -1 if timeout is None else timeout, "join") == INTERRUPT
        ):
            raise Interrupt

    def is_alive(self) -> bool:
        """Return whether the thread has begun and not ended."""
        return self.strand is not None and self.strand.owner is not None


class _Never:
    """Nothing that comes: only a timeout ends a wait for it."""

    owner = True
    name = "sleep"


def sleep(scheduler: Scheduler, seconds: float) -> None:
    """Stand aside until the clock has moved on by ``seconds``."""
    if seconds <= 0:
        scheduler.point("sleep")
    elif scheduler.wait(_Never(), seconds, "") == INTERRUPT:
        raise Interrupt


class Local:
    """``threading.local``: what a thread keeps here is gone when its strand ends."""

    __slots__ = ("__weakref__", "_scheduler")

    def __init__(self, scheduler: Scheduler) -> None:
        object.__setattr__(self, "_scheduler", scheduler)

    def _of_strand(self) -> dict[str, Any]:
        storage = self._scheduler.current.storage
        found = storage.get(id(self))
        if found is None:
            found = storage[id(self)] = {"": self, "values": {}}  # itself: so that its id is not used again
        values: dict[str, Any] = found["values"]
        return values

    def __getattr__(self, name: str) -> Any:
        values = self._of_strand()
        if name == "__dict__":
            return values
        try:
            return values[name]
        except KeyError:
            raise AttributeError(name) from None

    def __setattr__(self, name: str, value: object) -> None:
        self._of_strand()[name] = value

    def __delattr__(self, name: str) -> None:
        try:
            del self._of_strand()[name]
        except KeyError:
            raise AttributeError(name) from None
