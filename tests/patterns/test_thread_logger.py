import logging
import math
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from concli.patterns.thread_logger import ThreadLogger

Spawn = Callable[..., Future[Any]]
SetClock = Callable[[float], None]


class Kept(logging.Handler):
    """Keeps the records it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.fixture
def logger(kept: Kept) -> logging.Logger:
    made = logging.Logger("test")  # noqa: LOG001 - one that nobody else knows
    made.addHandler(kept)
    return made


# Context.


def test_records_carry_the_context_of_their_thread(logger: logging.Logger, kept: Kept, spawn: Spawn) -> None:
    log = ThreadLogger(logger, job="-")
    both = threading.Barrier(2)

    def work(job: str) -> None:
        log.set_context(job=job)
        both.wait()
        log.info("at work")

    for outcome in [spawn(work, "a"), spawn(work, "b")]:
        outcome.result()
    log.info("done")
    jobs = [record.__dict__["job"] for record in kept.records]
    assert (sorted(jobs[:2]), jobs[2]) == (["a", "b"], "-")


def test_a_context_is_put_back_at_the_end_of_its_block(logger: logging.Logger, kept: Kept) -> None:
    log = ThreadLogger(logger)
    log.set_context(job=1)
    with suppress(LookupError), log.context(job=2, step="x"):
        log.info("inside")
        raise LookupError
    log.info("outside")
    inside, outside = kept.records
    assert (inside.__dict__["job"], inside.__dict__["step"]) == (2, "x")
    assert (outside.__dict__["job"], "step" in outside.__dict__) == (1, False)
    log.clear_context()
    assert log.contexts() == []


def test_what_the_call_itself_says_goes_before_the_context(logger: logging.Logger, kept: Kept) -> None:
    log = ThreadLogger(logger, job=0)
    log.set_context(job=1)
    log.info("one", extra={"job": 2})
    assert kept.records[0].__dict__["job"] == 2


def test_as_a_filter_it_adds_to_the_records_of_others_and_overwrites_nothing(
    logger: logging.Logger, kept: Kept
) -> None:
    log = ThreadLogger(logging.getLogger("unused"), job="-", step="-")
    kept.addFilter(log)
    with log.context(job="a"):
        logger.info("from elsewhere")
        logger.info("from elsewhere", extra={"job": "own"})
    assert [(r.__dict__["job"], r.__dict__["step"]) for r in kept.records] == [("a", "-"), ("own", "-")]


@pytest.mark.parametrize("name", ["name", "message", "asctime", "thread", "msg"])
def test_fields_that_logging_uses_are_refused(logger: logging.Logger, name: str) -> None:
    log = ThreadLogger(logger)
    with pytest.raises(ValueError, match=name):
        log.set_context(**{name: 1})
    with pytest.raises(ValueError, match=name), log.context(**{name: 1}):
        pass
    with pytest.raises(ValueError, match=name):
        ThreadLogger(logger, **{name: 1})  # type: ignore[arg-type]
    assert log.contexts() == []


def test_the_contexts_of_living_threads_are_seen_from_outside(logger: logging.Logger, spawn: Spawn) -> None:
    log = ThreadLogger(logger)
    there, go = threading.Event(), threading.Event()

    def work() -> None:
        with log.context(job="a"):
            there.set()
            assert go.wait(10)

    outcome = spawn(work)
    assert there.wait(10)
    assert log.contexts() == [{"job": "a"}]
    go.set()
    outcome.result()
    assert log.contexts() == []


# Operations.


def test_an_operation_is_counted_and_timed(logger: logging.Logger, set_clock: SetClock) -> None:
    log = ThreadLogger(logger)
    now = 0
    for seconds in (1, 3, 2):
        with log.track_operation("load"):
            now += seconds
            set_clock(now)
    load = log.statistics().operations["load"]
    assert load == (3, 0, 6, 1, 3)
    assert (load.count, load.failures, load.total_s, load.minimum_s, load.maximum_s, load.mean_s) == (3, 0, 6, 1, 3, 2)


def test_a_failure_is_counted_and_goes_on(logger: logging.Logger) -> None:
    log = ThreadLogger(logger)
    with pytest.raises(LookupError, match="lost"), log.track_operation("find"):
        raise LookupError("lost")
    find = log.statistics().operations["find"]
    assert (find.count, find.failures) == (1, 1)


def test_every_call_of_a_decorated_function_is_an_operation(logger: logging.Logger) -> None:
    log = ThreadLogger(logger)

    @log.track_operation("power")
    def power(base: int, *, exponent: int = 2) -> int:
        """Raise."""
        return base if exponent == 1 else base * power(base, exponent=exponent - 1)

    assert (power(2, exponent=3), power.__name__, power.__doc__) == (8, "power", "Raise.")
    assert log.statistics().operations["power"].count == 3


def test_what_goes_on_after_the_call_is_refused(logger: logging.Logger) -> None:
    log = ThreadLogger(logger)

    async def coroutine() -> None:
        pass

    def generator() -> Any:
        yield

    for function in (coroutine, generator):
        with pytest.raises(TypeError, match="goes on after the call"):
            log.track_operation("x")(function)


def test_one_operation_can_not_be_begun_twice_at_a_time(logger: logging.Logger) -> None:
    operation = ThreadLogger(logger).track_operation("x")
    with operation, pytest.raises(RuntimeError, match="begun already"), operation:
        pass
    with operation:
        pass


def test_figures_are_kept_by_thread_those_of_ended_ones_included(logger: logging.Logger, spawn: Spawn) -> None:
    log = ThreadLogger(logger)

    def work(times: int) -> None:
        threading.current_thread().name = f"worker-{times}"
        for _ in range(times):
            with log.track_operation("load"):
                pass

    for times in (1, 2, 3):
        spawn(work, times).result()
    statistics = log.statistics()
    assert {thread: figures["load"].count for thread, figures in statistics.threads} == {
        "worker-1": 1,
        "worker-2": 2,
        "worker-3": 3,
    }
    assert statistics.operations["load"].count == 6


@settings(deadline=None, max_examples=20)
@given(
    threads=st.lists(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 10**9)), max_size=4), max_size=60),
    merge_ended=st.booleans(),
)
def test_figures_merge_exactly_whichever_threads_have_ended(
    threads: list[list[tuple[str, int]]], merge_ended: bool
) -> None:
    log = ThreadLogger(logging.getLogger("unused"), merge_ended=merge_ended)

    def work(operations: list[tuple[str, int]]) -> None:
        for name, nanoseconds in operations:
            operation = log.track_operation(name)
            operation.__enter__()
            operation._finish(nanoseconds, failed=bool(nanoseconds % 2))

    for operations in threads:
        thread = threading.Thread(target=work, args=(operations,))
        thread.start()
        thread.join(10)
    statistics = log.statistics()
    for name in "ab":
        took = [nanoseconds for operations in threads for own, nanoseconds in operations if own == name]
        if not took:
            assert name not in statistics.operations
            continue
        expected = (len(took), sum(n % 2 for n in took), sum(took) / 1e9, min(took) / 1e9, max(took) / 1e9)
        assert statistics.operations[name] == expected
        own = [figures[name] for _, figures in statistics.threads if name in figures]
        assert sum(one.count for one in own) == len(took)
        assert math.fsum(one.total_s for one in own) == pytest.approx(expected[2])
    if merge_ended:
        assert len(statistics.threads) <= 40


@pytest.mark.stress
def test_a_snapshot_has_all_of_an_operation_or_nothing_of_it(logger: logging.Logger, spawn: Spawn) -> None:
    log = ThreadLogger(logger, merge_ended=True)
    ended = threading.Event()

    def work() -> None:
        for _ in range(300):
            operation = log.track_operation("x")
            operation.__enter__()
            operation._finish(10**9, failed=True)

    def read() -> None:
        last = 0
        while not ended.is_set():
            figures = log.statistics().operations.get("x")
            if figures is not None:
                assert figures == (figures.count, figures.count, figures.count, 1, 1)
                assert figures.count >= last
                last = figures.count

    reader = spawn(read)
    for _ in range(40):
        for outcome in [spawn(work) for _ in range(3)]:
            outcome.result()
    ended.set()
    reader.result()
    assert log.statistics().operations["x"].count == 40 * 3 * 300
