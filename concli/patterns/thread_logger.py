"""Thread logger: what each thread is doing, in its log records and in figures.

Choose it where the lines of many threads share a log and each line has to say whose it is, or where
the time that operations take has to be known by thread. For context that follows the work from
thread to thread use a ``ContextVar`` and a filter; for a whole job's stages, ``concli.metrics``.

Source: "Using LoggerAdapters" and "Using Filters to impart contextual information" in the Logging
Cookbook of the Python documentation.

Who waits for whom::

    context and track_operation --> nobody          statistics --> the mutex, for a moment

Classic mistake: to say whose job it is once, in the first line. Others come between; with ``context``
each line says it::

    thread A                       thread B
    logs "Ann's job"
                                   logs "Bob's job"
    logs "failed"                  logs "done"

Classic mistake: to keep the job's name where all threads have it in common::

    thread A                       thread B
    job = "Ann"
                                   job = "Bob"
    logs job: it says Bob

>>> import logging, sys
>>> handler = logging.StreamHandler(sys.stdout)
>>> handler.setFormatter(logging.Formatter("%(job)s: %(message)s"))
>>> logger = logging.Logger("example")
>>> logger.addHandler(handler)
>>> log = ThreadLogger(logger, job="-")
>>> log.info("starting")
-: starting
>>> with log.context(job="parse"), log.track_operation("lines"):
...     log.info("at work")
parse: at work
>>> log.statistics().operations["lines"].count
1
"""

import functools
import inspect
import logging
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from types import TracebackType
from typing import Any, NamedTuple, ParamSpec, Self, TypeVar

from concli.patterns import _sync
from concli.patterns.thread_local import ThreadAttributes, ThreadLocal

P = ParamSpec("P")
R = TypeVar("R")

__all__ = ["OperationStatistics", "ThreadLogger", "ThreadLoggerStatistics", "ThreadOperations"]

# What a log record says of itself; `logging` forbids context to hide it.
_RESERVED = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}

# Count, failures, total, minimum and maximum, the last three in nanoseconds: whole numbers, so that the sums
# are the same in whatever order they are made. A tally is never changed but replaced: whoever reads it from
# outside sees all of an operation or nothing.
_Tally = tuple[int, int, int, int, int]


class OperationStatistics(NamedTuple):
    """What is known of the operations of one name: a frozen snapshot."""

    count: int  # type: ignore[assignment]  # the name that was asked for; that of a tuple's method is no loss
    failures: int
    total_s: float
    minimum_s: float
    maximum_s: float

    @property
    def mean_s(self) -> float:
        """Seconds that an operation took on average."""
        return self.total_s / self.count


class ThreadOperations(NamedTuple):
    """The operations of one thread by name. Those of ended threads that were merged are of ``"(ended)"``."""

    thread: str
    operations: dict[str, OperationStatistics]


class ThreadLoggerStatistics(NamedTuple):
    """A snapshot: operations by name over all threads, and what each thread that had any did of it."""

    operations: dict[str, OperationStatistics]
    threads: tuple[ThreadOperations, ...]


class _Sheet:
    """What one thread writes down of its operations."""

    __slots__ = ("tallies", "thread")

    def __init__(self, thread: str, tallies: dict[str, _Tally]) -> None:
        self.thread = thread
        self.tallies = tallies


class ThreadLogger(logging.LoggerAdapter[logging.Logger]):
    """A logger that adds the calling thread's context to what it logs, and times operations.

    It is a ``logging.LoggerAdapter``: use it in the logger's stead. It is a filter, too: given to a
    handler (``handler.addFilter``) it also adds the context to records of loggers that know nothing
    of it. ``defaults`` are the fields of every record, so that a format which names them always
    finds them. A field that ``logging`` uses itself ("name", "message") raises ``ValueError``.

    With ``merge_ended`` the figures of threads that have ended are added up in one line, now and
    then; without it each thread ever seen keeps its own (some 100 bytes an operation's name).
    """

    def __init__(self, logger: logging.Logger, *, merge_ended: bool = False, **defaults: object) -> None:
        super().__init__(logger, _checked(defaults))
        self._defaults = defaults
        self._context = ThreadAttributes()
        self._sheets = ThreadLocal(_new_sheet, fold_ended=_merged if merge_ended else None)

    def process(self, msg: Any, kwargs: MutableMapping[str, Any]) -> tuple[Any, MutableMapping[str, Any]]:
        """Add the context to a record's ``extra``; what the call itself gave there goes before it."""
        kwargs["extra"] = {**self._defaults, **vars(self._context), **(kwargs.get("extra") or {})}
        return msg, kwargs

    def filter(self, record: logging.LogRecord) -> bool:
        """Add the context to a record, where it has no such field yet, and let it pass."""
        fields = vars(record)
        for name, value in {**self._defaults, **vars(self._context)}.items():
            fields.setdefault(name, value)
        return True

    def set_context(self, **fields: object) -> None:
        """Put these fields into the calling thread's records from now on."""
        vars(self._context).update(_checked(fields))

    def clear_context(self) -> None:
        """Take all fields out of the calling thread's context."""
        vars(self._context).clear()

    @contextmanager
    def context(self, **fields: object) -> Iterator[None]:
        """Put these fields into the calling thread's records for the length of a ``with`` block."""
        own = vars(self._context)
        before = own.copy()
        try:
            own.update(_checked(fields))
            yield
        finally:
            for name in fields:
                if name in before:
                    own[name] = before[name]
                else:
                    own.pop(name, None)

    def contexts(self) -> list[dict[str, object]]:
        """Return the fields of every living thread that has any: who is at what, now."""
        return self._context.values()

    def track_operation(self, name: str) -> "_Tracked":
        """Time a ``with`` block, or every call of the function it decorates, as an operation.

        An operation that is left by an exception counts as a failure; the exception goes on.
        """
        return _Tracked(self._sheets, name)

    def statistics(self) -> ThreadLoggerStatistics:
        """Return a frozen snapshot, ended threads included: the threads' figures add up to the whole."""
        sheets = [_Sheet(sheet.thread, sheet.tallies.copy()) for sheet in self._sheets.values()]
        whole = functools.reduce(_merged, sheets, _Sheet("", {}))
        return ThreadLoggerStatistics(
            _statistics_of(whole),
            tuple(ThreadOperations(sheet.thread, _statistics_of(sheet)) for sheet in sheets if sheet.tallies),
        )


class _Tracked:
    """One operation from its beginning to its end."""

    __slots__ = ("_began", "_name", "_sheets")

    def __init__(self, sheets: ThreadLocal[_Sheet], name: str) -> None:
        self._sheets = sheets
        self._name = name
        self._began: float | None = None

    def __enter__(self) -> Self:
        if self._began is not None:
            raise RuntimeError(f"operation {self._name!r} has begun already: each `with` needs one of its own")
        self._began = _sync.monotonic()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._began is not None  # noqa: S101 - for the type checker
        took = round((_sync.monotonic() - self._began) * 1e9)
        self._finish(took, failed=kind is not None)

    def _finish(self, took: int, *, failed: bool) -> None:
        self._began = None
        tallies, name = self._sheets.get().tallies, self._name
        tally = (1, int(failed), took, took, took)
        before = tallies.get(name)
        tallies[name] = tally if before is None else _sum(before, tally)

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """Return ``function`` with every call of it tracked. Raises ``TypeError`` for one that only begins then."""
        if inspect.iscoroutinefunction(function) or inspect.isgeneratorfunction(function):
            raise TypeError("a coroutine or generator goes on after the call: track what is inside it")

        @functools.wraps(function)
        def tracked(*args: P.args, **keywords: P.kwargs) -> R:
            with _Tracked(self._sheets, self._name):
                return function(*args, **keywords)

        return tracked


def _new_sheet() -> _Sheet:
    return _Sheet(_sync.current_thread().name, {})


def _sum(first: _Tally, second: _Tally) -> _Tally:
    count, failures, total, low, high = first
    more, failed, took, lowest, highest = second
    return count + more, failures + failed, total + took, min(low, lowest), max(high, highest)


def _merged(first: _Sheet, second: _Sheet) -> _Sheet:
    tallies = first.tallies.copy()
    for name, tally in second.tallies.items():
        before = tallies.get(name)
        tallies[name] = tally if before is None else _sum(before, tally)
    return _Sheet("(ended)", tallies)


def _statistics_of(sheet: _Sheet) -> dict[str, OperationStatistics]:
    return {
        name: OperationStatistics(count, failures, total / 1e9, low / 1e9, high / 1e9)
        for name, (count, failures, total, low, high) in sorted(sheet.tallies.items())
    }


def _checked(fields: dict[str, object]) -> dict[str, object]:
    reserved = _RESERVED & fields.keys()
    if reserved:
        raise ValueError(f"log records have fields of their own named {', '.join(sorted(reserved))}")
    return fields
