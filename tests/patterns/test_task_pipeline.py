import contextvars
import ctypes
import gc
import itertools
import random
import sys
import threading
import traceback
import weakref
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from concli.patterns._caller import Caller
from concli.patterns._shutdown import ShutDown
from concli.patterns.task import Stage, Task, TaskStatus
from concli.patterns.task_pipeline import TaskPipeline

Spawn = Callable[..., Future[Any]]
ThrowInto = Callable[[Future[Any], type[BaseException]], None]
Until = Callable[[Callable[[], object]], None]

DONE, FAILED, CANCELLED = TaskStatus.DONE, TaskStatus.FAILED, TaskStatus.CANCELLED
LONG_S = 60.0  # nothing waits for it; who does has hung


class Fatal(BaseException):
    """What is no Exception: an exit, an interrupt."""


def double(number: int) -> int:
    return 2 * number


def invert(number: int) -> float:
    return 1 / number


class Flaky:
    """Fails so often, then answers."""

    def __init__(self, failures: int, error: type[Exception] = OSError) -> None:
        self.left = failures
        self.error = error

    def __call__(self, item: object) -> object:
        if self.left:
            self.left -= 1
            raise self.error(f"{self.left} to go")
        return item


class Gate:
    """A stage that lets nothing through until it is opened."""

    def __init__(self) -> None:
        self.entered = threading.Semaphore(0)
        self.opened = threading.Event()

    def __call__(self, item: Any) -> Any:
        self.entered.release()
        assert self.opened.wait(LONG_S)
        return item

    def await_entry(self) -> None:
        assert self.entered.acquire(timeout=10)


@pytest.fixture
def gate() -> Iterator[Gate]:
    made = Gate()
    yield made
    made.opened.set()


# What comes out.


def test_a_task_comes_out_with_what_became_of_it() -> None:
    (task,) = TaskPipeline([double, str]).run([21])
    assert (task.id, task.data, task.status, task.result) == (0, 21, DONE, "42")
    assert (task.error, task.stage, task.attempts) == (None, None, 2)
    assert list(task.seconds) == ["double", "str"]
    assert all(seconds >= 0 for seconds in task.seconds.values())


def test_a_stage_that_returns_nothing_hands_on_nothing() -> None:
    (task,) = TaskPipeline([lambda _: None, repr]).run([1])
    assert task.result == "None"


@settings(deadline=None, max_examples=30)
@given(
    items=st.lists(st.integers(-2, 2), max_size=40),
    workers=st.lists(st.integers(1, 4), min_size=1, max_size=3),
    window=st.integers(1, 50),
    ordered=st.booleans(),
)
def test_every_item_comes_out_once_with_its_own_result(
    items: list[int], workers: list[int], window: int, ordered: bool
) -> None:
    pipeline = TaskPipeline(
        [Stage(invert if number == 0 else double, workers=count, queue_size=2) for number, count in enumerate(workers)],
        window=window,
        ordered=ordered,
    )
    tasks = list(pipeline.run(items))
    if ordered:
        assert [task.id for task in tasks] == list(range(len(items)))
    by_id = {task.id: task for task in tasks}
    assert len(by_id) == len(tasks) == len(items)
    factor = 2 ** (len(workers) - 1)
    for number, item in enumerate(items):
        task = by_id[number]
        assert task.data == item
        if item:
            assert (task.status, task.result, task.error) == (DONE, factor / item, None)
        else:
            assert (task.status, task.result, type(task.error)) == (FAILED, None, ZeroDivisionError)
    statistics = pipeline.statistics()
    zeros = items.count(0)
    assert statistics[:4] == (len(items), len(items) - zeros, zeros, 0)
    assert [stage[2:5] for stage in statistics.stages] == [
        (len(items), len(items) - zeros, zeros),
        *[(len(items) - zeros, len(items) - zeros, 0)] * (len(workers) - 1),
    ]


def test_tasks_that_overtake_others_in_one_stage_do_not_lock_up_the_next(gate: Gate) -> None:
    # The first task waits at the gate; all the window holds goes past it, into a stage with one worker.
    def wait_for_the_rest(number: int) -> int:
        return number or gate(number)

    def open_after(number: int) -> int:
        if number == 7:
            gate.opened.set()
        return number

    pipeline = TaskPipeline([Stage(wait_for_the_rest, workers=2), Stage(open_after, queue_size=1)], window=8)
    assert [task.result for task in pipeline.run(range(30))] == list(range(30))


def test_unordered_tasks_come_out_as_they_finish(gate: Gate) -> None:
    first_waits = Stage(lambda number: number or gate(number), workers=2)
    run = TaskPipeline([first_waits], ordered=False).run(range(4))
    assert sorted(next(run).data for _ in range(3)) == [1, 2, 3]
    gate.opened.set()
    assert [task.data for task in run] == [0]


def test_an_endless_input_is_read_no_further_than_the_window() -> None:
    read: list[int] = []

    def numbers() -> Iterator[int]:
        for number in itertools.count():
            read.append(number)
            yield number

    run = TaskPipeline([Stage(double, workers=2), double], window=5).run(numbers())
    for count in range(1, 50):
        assert next(run).result == 4 * (count - 1)
        assert len(read) <= 5 + count
    run.close()


def test_what_has_come_out_is_not_held_on_to() -> None:
    class Big:
        pass

    alive: list[weakref.ref[Big]] = []

    def make(_: int) -> Big:
        made = Big()
        alive.append(weakref.ref(made))
        return made

    seen = 0
    for _ in TaskPipeline([Stage(make, workers=2), lambda big: big], window=8).run(range(500)):
        seen += 1
        # The window, what threads have in hand, and what a free-threaded build has not yet got round to.
        assert sum(one() is not None for one in alive) <= 100
    assert seen == 500


def test_nothing_starts_before_the_first_task_is_asked_for() -> None:
    before = threading.active_count()
    run = TaskPipeline([double]).run(iter([1]))
    assert threading.active_count() == before
    run.close()


def test_a_pipeline_runs_again_and_at_the_same_time() -> None:
    pipeline = TaskPipeline([double])
    pairs = zip(pipeline.run([1, 2]), pipeline.run([3, 4]), strict=True)
    assert [(one.result, other.result) for one, other in pairs] == [(2, 6), (4, 8)]


def test_stages_of_one_name_are_told_apart() -> None:
    pipeline = TaskPipeline([double, double, Stage(double, name="last")])
    assert [stage.name for stage in pipeline.stages] == ["double", "double-2", "last"]
    (task,) = pipeline.run([1])
    assert list(task.seconds) == ["double", "double-2", "last"]


@pytest.mark.parametrize(
    "make",
    [
        lambda: TaskPipeline([]),
        lambda: TaskPipeline([double], window=0),
        lambda: TaskPipeline([double], on_error="ignore"),  # type: ignore[arg-type]
        lambda: Stage(double, workers=0),
        lambda: Stage(double, queue_size=0),
        lambda: Stage(double, retries=-1),
        lambda: Stage(double, backoff_s=-1),
        lambda: Stage(double, timeout=0),
    ],
)
def test_numbers_that_make_no_sense_are_refused(make: Callable[[], object]) -> None:
    with pytest.raises(ValueError):
        make()


def test_context_variables_follow_the_work() -> None:
    user = contextvars.ContextVar("user", default="nobody")
    stages: list[Any] = [lambda _: [user.get()], Stage(lambda seen: [*seen, user.get()], timeout=LONG_S)]
    user.set("ada")
    run = TaskPipeline(stages).run(user.get() for _ in range(1))
    user.set("bob")  # too late
    (task,) = run
    assert (task.data, task.result) == ("ada", ["ada", "ada"])


# Errors.


def test_an_error_keeps_its_type_traceback_and_attributes() -> None:
    class RefusedError(Exception):
        def __init__(self, code: int) -> None:
            super().__init__("refused")
            self.code = code

    def refuse(_: object) -> None:
        raise RefusedError(7)

    failed, *_ = TaskPipeline([double, refuse, double]).run([1])
    assert (failed.status, failed.stage, failed.attempts, failed.result) == (FAILED, "refuse", 2, None)
    assert type(failed.error) is RefusedError
    assert failed.error.code == 7
    assert [frame.name for frame in traceback.extract_tb(failed.error.__traceback__)][-1] == "refuse"
    assert list(failed.seconds) == ["double", "refuse"]


@pytest.mark.parametrize("timeout", [None, LONG_S])
def test_a_failed_task_is_no_reference_cycle(timeout: float | None) -> None:
    class RefusedError(Exception):
        pass

    def refuse(_: object) -> None:
        raise RefusedError

    gone = threading.Event()
    gc.collect()
    gc.disable()
    try:
        (task,) = TaskPipeline([double, Stage(refuse, timeout=timeout)]).run([1])
        assert task.error is not None
        weakref.finalize(task.error, gone.set)
        del task
        assert gone.wait(10)
    finally:
        gc.enable()


def test_an_error_that_was_raised_is_no_reference_cycle() -> None:
    class RefusedError(Exception):
        pass

    def refuse(_: object) -> None:
        raise RefusedError

    gone = threading.Event()
    gc.collect()
    gc.disable()
    try:
        with suppress(RefusedError):
            for task in TaskPipeline([refuse], on_error="stop").run([1]):
                assert task.error is not None
                weakref.finalize(task.error, gone.set)
        del task
        assert gone.wait(10)
    finally:
        gc.enable()


def test_what_ends_the_run_at_once_comes_before_an_error_that_stops_it(until: Until) -> None:
    both_there = threading.Barrier(2)

    def fail(number: int) -> None:
        both_there.wait()
        if number == 0:
            raise ValueError
        until(lambda: pipeline.statistics().stages[0].errors)
        raise Fatal

    pipeline = TaskPipeline([Stage(fail, workers=2)], on_error="stop")
    with pytest.raises(Fatal):
        list(pipeline.run([0, 1]))


def test_stop_cancels_what_waits_lets_all_come_out_and_raises_the_error(gate: Gate, spawn: Spawn, until: Until) -> None:
    def fail_on_one(number: int) -> int:
        if number == 1:
            gate.await_entry()  # of the first task in the second stage
            raise KeyError(number)
        return number

    pipeline = TaskPipeline([fail_on_one, gate], on_error="stop", window=6)
    out: list[Task[int]] = []
    outcome = spawn(lambda: out.extend(pipeline.run(itertools.count())))
    until(lambda: pipeline.statistics().stages[0].errors)
    gate.opened.set()
    with pytest.raises(KeyError) as caught:
        outcome.result()
    statistics = pipeline.statistics()
    # What was read has come out, every item of it.
    assert [task.id for task in out] == list(range(statistics.items_in))
    assert [task.status for task in out] == [DONE, FAILED, *[CANCELLED] * (len(out) - 2)]
    assert statistics[1:4] == (1, 1, len(out) - 2)
    assert caught.value is out[1].error


def test_an_item_whose_way_in_was_closed_by_the_stop_comes_out_cancelled(
    gate: Gate, spawn: Spawn, until: Until
) -> None:
    pipeline = TaskPipeline([Stage(lambda number: invert(gate(number)), queue_size=1)], on_error="stop")
    out: list[Task[int]] = []
    read: list[int] = []

    def numbers() -> Iterator[int]:
        for number in itertools.count():
            read.append(number)
            yield number

    outcome = spawn(lambda: out.extend(pipeline.run(numbers())))
    until(lambda: len(read) == 3)  # the first is with the worker, the second in the queue, the third waits
    gate.opened.set()
    with pytest.raises(ZeroDivisionError):
        outcome.result()
    assert [task.status for task in out] == [FAILED, CANCELLED, CANCELLED]


def test_stop_does_not_wait_for_an_input_that_gives_nothing(gate: Gate) -> None:
    def slow() -> Iterator[int]:
        yield 0
        yield gate(1)

    run = TaskPipeline([invert], on_error="stop", grace=0).run(slow())
    assert next(run).status is FAILED
    with pytest.raises(ZeroDivisionError):
        next(run)


def test_keep_goes_on_after_an_error() -> None:
    statuses = [task.status for task in TaskPipeline([invert]).run([1, 0, 1])]
    assert statuses == [DONE, FAILED, DONE]


@pytest.mark.parametrize("ordered", [True, False])
def test_an_error_of_the_input_is_raised_when_what_was_read_has_come_out(ordered: bool) -> None:
    def broken() -> Iterator[int]:
        yield from range(5)
        raise OSError(5, "unreadable")

    out: list[Task[int]] = []
    with pytest.raises(OSError, match="unreadable") as caught:
        out.extend(TaskPipeline([Stage(double, workers=2)], ordered=ordered).run(broken()))
    assert sorted(task.result for task in out) == [0, 2, 4, 6, 8]
    assert caught.value.errno == 5
    assert "broken" in [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]


def test_what_is_not_iterable_is_an_error_of_the_input() -> None:
    with pytest.raises(TypeError, match="not iterable"):
        next(TaskPipeline([double]).run(5))  # type: ignore[arg-type]


@pytest.mark.parametrize("timeout", [None, LONG_S])
def test_what_is_no_exception_ends_the_run_and_is_raised(timeout: float | None, gate: Gate) -> None:
    def die(_: int) -> None:
        raise Fatal

    run = TaskPipeline([Stage(die, timeout=timeout)], grace=0).run(gate(n) if n else n for n in range(2))
    with pytest.raises(Fatal):
        next(run)


def test_a_stage_that_raises_shutdown_has_failed_like_any_other() -> None:
    def end(_: int) -> None:
        raise ShutDown

    assert [type(task.error) for task in TaskPipeline([end]).run([1, 2])] == [ShutDown, ShutDown]


# Retries and timeouts.


def test_a_call_that_fails_is_made_again() -> None:
    pipeline = TaskPipeline([Stage(Flaky(2), retries=2, backoff_s=0)])
    (task,) = pipeline.run(["x"])
    assert (task.status, task.result, task.attempts, task.error) == (DONE, "x", 3, None)
    (stage,) = pipeline.statistics().stages
    assert (stage.name, stage.items_in, stage.items_out, stage.errors, stage.retries) == ("Flaky", 1, 1, 0, 2)


def test_the_last_error_is_kept_when_all_attempts_fail() -> None:
    (task,) = TaskPipeline([Stage(Flaky(9), retries=2, backoff_s=0)]).run(["x"])
    assert (task.status, task.attempts, str(task.error)) == (FAILED, 3, "6 to go")


def test_only_the_errors_named_are_tried_again() -> None:
    (task,) = TaskPipeline([Stage(Flaky(1, KeyError), retries=5, retry_on=OSError)]).run(["x"])
    assert (task.status, task.attempts, type(task.error)) == (FAILED, 1, KeyError)


def test_the_wait_between_attempts_doubles_up_to_its_limit() -> None:
    stage = Stage(double, backoff_s=0.5, max_backoff_s=3)
    assert [stage.delay_s(attempt) for attempt in (1, 2, 3, 4, 5000)] == [0.5, 1, 2, 3, 3]


def test_the_wait_between_attempts_is_kept() -> None:
    (task,) = TaskPipeline([Stage(Flaky(1), retries=1, backoff_s=0.02)]).run(["x"])
    assert task.status is DONE  # it came out of a wait that nobody ended


@pytest.mark.parametrize("on_error", ["keep", "stop"])
def test_the_end_does_not_wait_for_the_next_attempt(on_error: Any, until: Until) -> None:
    flaky = Flaky(9)

    def fail_later(number: int) -> int:
        if number == 0:
            flaky(number)
        until(lambda: flaky.left == 8)
        raise ValueError(number)

    stage = Stage(fail_later, workers=2, retries=3, retry_on=OSError, backoff_s=LONG_S)
    run = TaskPipeline([stage], ordered=False, on_error=on_error).run([0, 1])
    assert type(next(run).error) is ValueError
    if on_error == "keep":
        run.close()
    else:
        assert type(next(run).error) is OSError  # of the attempt that it had
        with pytest.raises(ValueError):
            next(run)


def test_a_call_that_takes_too_long_is_abandoned_and_its_result_ignored(gate: Gate) -> None:
    late = threading.Event()

    def slow(number: int) -> int:
        if number == 0:
            gate(number)
            late.set()
        return number

    pipeline = TaskPipeline([Stage(slow, timeout=0.05)])
    run = pipeline.run([0, 1])
    first = next(run)
    assert (first.status, type(first.error)) == (FAILED, TimeoutError)
    assert "slow took longer than 0.05 s; the call goes on" in str(first.error)
    second = next(run)
    assert (second.status, second.result) == (DONE, 1)
    gate.opened.set()
    assert late.wait(10)
    assert next(run, None) is None
    assert (first.status, first.result) == (FAILED, None)
    assert pipeline.statistics().stages[0].abandoned == 1


def test_a_call_that_took_too_long_is_tried_again(gate: Gate) -> None:
    calls = itertools.count()

    def slow_once(item: str) -> str:
        return gate(item) if next(calls) == 0 else item.upper()

    (task,) = TaskPipeline([Stage(slow_once, timeout=0.05, retries=1, backoff_s=0)]).run(["x"])
    assert (task.status, task.result, task.attempts) == (DONE, "X", 2)


# Leaving early.


@pytest.mark.parametrize("timeout", [None, LONG_S])
def test_leaving_the_loop_stops_all_threads(timeout: float | None) -> None:
    before = set(threading.enumerate())
    for task in TaskPipeline([Stage(double, workers=3, timeout=timeout), double]).run(itertools.count()):
        if task.id == 20:
            break
    for thread in set(threading.enumerate()) - before:
        thread.join(10)
        assert not thread.is_alive()


def test_leaving_stops_a_reader_that_waits_for_room(until: Until) -> None:
    pipeline = TaskPipeline([double], window=2)
    run = pipeline.run(itertools.count())
    next(run)
    until(lambda: len(pipeline._latest._room))
    run.close()  # the fixture for all tests looks for threads left behind


def test_an_error_in_the_loop_stops_all_threads() -> None:
    before = set(threading.enumerate())
    with pytest.raises(LookupError):  # noqa: PT012 - the loop is what is tested
        for _ in TaskPipeline([double, double]).run(itertools.count()):
            raise LookupError
    for thread in set(threading.enumerate()) - before:
        thread.join(10)
        assert not thread.is_alive()


def test_a_call_that_goes_on_is_left_behind_after_the_grace(gate: Gate) -> None:
    run = TaskPipeline([Stage(lambda n: gate(n) if n else n, workers=2)], grace=0).run([0, 1])
    assert next(run).data == 0
    gate.await_entry()
    run.close()
    assert not gate.opened.is_set()


def test_an_interrupt_while_waiting_for_a_task_stops_all_threads(
    gate: Gate, spawn: Spawn, throw_into: ThrowInto, until: Until
) -> None:
    before = set(threading.enumerate())
    pipeline = TaskPipeline([gate], grace=0)
    outcome = spawn(lambda: next(pipeline.run([0])))
    gate.await_entry()
    until(lambda: pipeline.statistics().output.get_waits == 1)
    throw_into(outcome, Fatal)
    gate.opened.set()
    with pytest.raises(Fatal):
        outcome.result()
    for thread in set(threading.enumerate()) - before:
        thread.join(10)
        assert not thread.is_alive()


def test_statistics_tell_of_queues_and_of_work(gate: Gate) -> None:
    pipeline = TaskPipeline([Stage(gate, name="gate", workers=2, queue_size=3), double])
    assert pipeline.statistics().items_in == 0
    run = pipeline.run(range(5))
    gate.opened.set()
    list(run)
    first, second = pipeline.statistics().stages
    assert (first.name, first.workers, first.queue.capacity, first.queue.gets) == ("gate", 2, 3, 5)
    assert (second.name, second.queue.puts, second.items_out) == ("double", 5, 5)
    assert first.busy_s > 0


# The caller.


def test_a_stopped_caller_lets_go_who_waits_and_makes_no_more_calls(gate: Gate, spawn: Spawn) -> None:
    caller = Caller(gate, "gate")
    outcome = spawn(caller.call, 1, LONG_S)
    gate.await_entry()
    caller.stop()
    with pytest.raises(ShutDown):
        outcome.result()
    with pytest.raises(ShutDown):
        caller.call(2, LONG_S)


def test_an_interrupted_call_does_not_answer_the_next(gate: Gate, spawn: Spawn, throw_into: ThrowInto) -> None:
    caller = Caller(lambda item: gate(item) if item == "first" else item, "gate")
    outcome = spawn(caller.call, "first", LONG_S)
    gate.await_entry()
    throw_into(outcome, Fatal)
    # The exception comes when the lock it waits at is let go: by an outcome that is too late for it.
    gate.opened.set()
    with pytest.raises(Fatal):
        outcome.result()
    assert caller.call("second", LONG_S) == ("second", None)
    caller.close()


# Under stress.


@pytest.mark.stress
@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_raised_anywhere_every_run_ends_and_its_account_is_right(seed: int) -> None:
    chance = random.Random(seed)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(150):
            _one_wild_run(random.Random(chance.random()))
    finally:
        sys.setswitchinterval(interval)


def _one_wild_run(chance: random.Random) -> None:  # noqa: C901 - it is meant to be wild
    fatal_at = chance.choice([None, None, None, chance.randrange(60)])
    broken_at = chance.choice([None, None, chance.randrange(60)])
    leave_at = chance.choice([None, None, chance.randrange(60)])
    dice = [chance.random() for _ in range(200)]

    def work(number: int) -> int:
        if number == fatal_at:
            raise Fatal
        if dice[number] < 0.1:
            raise ValueError(number)
        return number

    def numbers() -> Iterator[int]:
        for number in range(60):
            if number == broken_at:
                raise OSError
            yield number

    stages = [
        Stage(
            work,
            workers=chance.randint(1, 3),
            queue_size=chance.randint(1, 4),
            retries=chance.randint(0, 2),
            backoff_s=chance.choice([0, 1e-5]),
            timeout=chance.choice([None, None, LONG_S, 1e-5]),
        )
        for _ in range(chance.randint(1, 3))
    ]
    on_error: Any = chance.choice(["keep", "stop"])
    pipeline = TaskPipeline(stages, ordered=chance.random() < 0.5, on_error=on_error, window=chance.randint(1, 20))
    run = pipeline.run(numbers())
    seen: Counter[int] = Counter()
    ended: BaseException | None = None
    try:
        for task in run:
            seen[task.id] += 1
            assert task.status is not DONE or task.result == task.data
            assert (task.status is FAILED) == (task.error is not None)
            if task.id == leave_at:
                break
    except (Fatal, OSError, ValueError, TimeoutError) as error:
        ended = error
    run.close()
    assert all(count == 1 for count in seen.values())
    if ended is None and leave_at not in seen:
        assert len(seen) == 60
    if ended is not None and not isinstance(ended, Fatal):
        assert sum(pipeline.statistics()[1:4]) == pipeline.statistics().items_in == len(seen)


@pytest.mark.stress
@pytest.mark.parametrize("seed", range(4))
def test_an_exception_thrown_into_any_of_its_threads_ends_the_run(
    seed: int, spawn: Spawn, throw_into: ThrowInto
) -> None:
    chance = random.Random(seed)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(50):
            _one_interrupted_run(chance, spawn, throw_into)
    finally:
        sys.setswitchinterval(interval)


def _one_interrupted_run(chance: random.Random, spawn: Spawn, throw_into: ThrowInto) -> None:
    idents: Counter[int] = Counter()
    under_way = threading.Event()

    def note(item: Any) -> Any:
        idents[threading.get_ident()] += 1
        return item

    stages = [Stage(note, workers=chance.randint(1, 3), queue_size=1) for _ in range(chance.randint(1, 2))]
    ordered = chance.random() < 0.5
    after = chance.randrange(20)

    def consume() -> None:
        for task in TaskPipeline(stages, ordered=ordered, window=4).run(map(note, itertools.count())):
            if task.id >= after:
                under_way.set()

    outcome = spawn(consume)
    assert under_way.wait(10)
    victim = chance.choice([None, *idents.copy()])
    if victim is None:
        throw_into(outcome, Fatal)
    else:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(victim), ctypes.py_object(Fatal))
    with pytest.raises(BaseException) as caught:
        outcome.result()
    error = caught.value
    assert isinstance(error, Fatal) or (isinstance(error, BaseExceptionGroup) and error.subgroup(Fatal)), error
