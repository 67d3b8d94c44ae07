"""What a task pipeline does about tasks that come too fast, fail too often, or have to come back; and what it tells."""

import itertools
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from concli.patterns._pipeline_limits import TokenBucket
from concli.patterns._pipeline_queue import StageQueue
from concli.patterns._shutdown import ShutDown
from concli.patterns.task import Stage, Task, TaskStatus, TooManyFailuresError
from concli.patterns.task_pipeline import TaskPipeline

DONE, FAILED, CANCELLED = TaskStatus.DONE, TaskStatus.FAILED, TaskStatus.CANCELLED
LONG_S = 60.0  # nothing waits for it; who does has hung


def invert(number: int) -> float:
    return 1 / number


def fail_first_on(item: Any) -> Callable[[Any], Any]:
    """Return a stage that fails on one item, the first time."""
    seen: Counter[Any] = Counter()

    def work(given: Any) -> Any:
        seen[given] += 1
        if given == item and seen[given] == 1:
            raise OSError(given)
        return given

    return work


# Tasks that come back.


def test_a_task_that_waits_for_its_next_attempt_keeps_no_worker_from_the_others() -> None:
    stage = Stage(fail_first_on(0), name="work", retries=1, backoff_s=LONG_S)
    pipeline = TaskPipeline([stage], ordered=False)
    run = pipeline.run(range(3))
    assert [next(run).data for _ in range(2)] == [1, 2]
    assert pipeline.statistics().stages[0].retries == 1
    run.close()  # at once, and without its thread left behind


def test_a_task_that_comes_back_goes_before_those_that_wait() -> None:
    stage = Stage(fail_first_on(0), name="work", retries=1, backoff_s=0)
    for task in TaskPipeline([stage], ordered=False, window=50).run(itertools.count()):
        if task.data == 0:
            break
    assert (task.status, task.attempts, task.error, task.stage, task.tries) == (DONE, 2, None, None, 0)


def test_the_input_may_end_while_tasks_wait_for_their_next_attempt() -> None:
    stage = Stage(fail_first_on(2), name="work", workers=3, retries=1, backoff_s=0.01)
    tasks = list(TaskPipeline([stage, Stage(str)]).run(range(3)))
    assert [(task.result, task.attempts) for task in tasks] == [("0", 2), ("1", 2), ("2", 3)]


@given(st.floats(0, 1), st.floats(0, 1), st.integers(1, 2000))
def test_jitter_only_makes_a_wait_shorter_and_by_no_more_than_its_share(
    jitter: float, chance: float, attempt: int
) -> None:
    stage = Stage(invert, jitter=jitter)
    longest = stage.delay_s(attempt)
    assert longest * (1 - jitter) <= stage.delay_s(attempt, chance) <= longest


def test_waits_are_the_same_for_the_same_seed_whoever_works(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: dict[tuple[int, int], float] = {}
    really = StageQueue.put_later

    def put_at_once(queue: StageQueue[Any], task: Task[Any], seconds: float) -> bool:
        waits[task.id, task.tries] = seconds
        return really(queue, task, 0)

    def waits_of(seed: int | None, workers: int) -> dict[tuple[int, int], float]:
        waits.clear()
        stage = Stage(invert, workers=workers, retries=2, backoff_s=1)
        list(TaskPipeline([stage], seed=seed).run([0] * 10))
        return dict(waits)

    monkeypatch.setattr(StageQueue, "put_later", put_at_once)
    first = waits_of(7, workers=1)
    assert waits_of(7, workers=3) == first
    assert waits_of(8, workers=1) != first
    assert waits_of(None, workers=1) != waits_of(None, workers=1)
    assert len(set(first.values())) == len(first) == 20
    assert all(attempt / 2 <= seconds <= attempt for (_, attempt), seconds in first.items())


# How fast they come.


def test_a_bucket_gives_its_tokens_in_even_steps(set_clock: Callable[[float], None]) -> None:
    bucket = TokenBucket(4)
    assert [bucket.take() for _ in range(3)] == [0, 0.25, 0.5]
    set_clock(0.75)
    assert bucket.take() == 0
    set_clock(10)
    assert [bucket.take() for _ in range(2)] == [0, 0.25]  # a pause saves nothing up


def test_a_fast_bucket_makes_up_for_a_tenth_of_a_second(set_clock: Callable[[float], None]) -> None:
    bucket = TokenBucket(1000)
    set_clock(10)
    assert sum(bucket.take() <= 1e-9 for _ in range(1000)) == 100


def test_leaving_does_not_wait_for_the_next_token() -> None:
    run = TaskPipeline([str], limit_rate=1 / LONG_S).run(range(3))
    assert next(run).data == 0
    run.close()


def test_a_stop_does_not_wait_for_the_next_token() -> None:
    pipeline = TaskPipeline([invert], on_error="stop", limit_rate=1 / LONG_S)
    run = pipeline.run([0, 1])
    assert next(run).status is FAILED
    with pytest.raises(ZeroDivisionError):
        next(run)
    assert pipeline.statistics().items_in == 1


def test_with_a_rate_all_tasks_come_through() -> None:
    assert [task.data for task in TaskPipeline([str], limit_rate=5000).run(range(150))] == list(range(150))


# How many may fail.


def test_more_failures_than_may_be_stop_the_run_once_enough_have_ended() -> None:
    is_read = threading.Event()

    def numbers() -> Iterator[int]:
        yield from [0, 1, 0, *[1] * 7, 0, *[1] * 9]  # 3 of 20
        yield 1
        is_read.set()
        yield from itertools.repeat(1)

    def wait(number: int) -> int:
        assert is_read.wait(10)
        return number

    tasks: list[Task[int]] = []
    pipeline = TaskPipeline([wait, invert], on_error=0.1, window=30)
    with pytest.raises(TooManyFailuresError, match=r"3 of 20 tasks failed") as caught:
        tasks.extend(pipeline.run(numbers()))
    assert (caught.value.failed, caught.value.ended) == (3, 20)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    statuses = Counter(task.status for task in tasks)
    assert statuses[FAILED] == 3
    assert sum(statuses.values()) == pipeline.statistics().items_in


@pytest.mark.parametrize(("items", "share"), [([0, 1], 0.4), ([1] * 18 + [0] * 2, 0.09), ([0], 0.0), ([1, 0, 0], 0.5)])
def test_more_failures_than_may_be_are_raised_when_the_end_shows_it(items: list[int], share: float) -> None:
    tasks: list[Task[int]] = []
    with pytest.raises(TooManyFailuresError):
        tasks.extend(TaskPipeline([invert], on_error=share).run(items))
    assert [task.status for task in tasks] == [DONE if item else FAILED for item in items]


@pytest.mark.parametrize(("items", "share"), [([0, 1], 0.5), ([1] * 18 + [0] * 2, 0.1), ([], 0.0), ([0] * 30, 1.0)])
def test_as_many_as_may_fail_do_not_end_it(items: list[int], share: float) -> None:
    assert len(list(TaskPipeline([invert], on_error=share).run(items))) == len(items)


# What it tells.


def test_an_observer_is_told_of_every_call(tiny_switch_interval: None) -> None:  # noqa: ARG001 - many turns
    told: dict[str, list[float]] = {"invert": [], "text": []}
    raised: Counter[str] = Counter()
    lock = threading.Lock()

    def observe(name: str, seconds: list[float], errors: int) -> None:
        with lock:
            told[name] += seconds
            raised[name] += errors

    stages = [Stage(invert, workers=2, retries=1, backoff_s=0), Stage(str, name="text", workers=2)]
    pipeline = TaskPipeline(stages, observe=observe)
    tasks = list(pipeline.run(number % 10 for number in range(1000)))
    first, second = pipeline.statistics().stages
    assert (len(told["invert"]), raised["invert"], first.retries, first.errors) == (1100, 200, 100, 100)
    assert (len(told["text"]), raised["text"], second.errors) == (900, 0, 0)
    assert sum(told["text"]) == pytest.approx(second.busy_s) == sum(task.seconds.get("text", 0) for task in tasks)


def test_an_observer_that_fails_ends_the_run() -> None:
    def observe(*_: object) -> None:
        raise LookupError

    with pytest.raises(LookupError):
        list(TaskPipeline([invert], observe=observe).run([1]))


@pytest.mark.parametrize(
    "make",
    [
        lambda: Stage(invert, jitter=-0.1),
        lambda: Stage(invert, jitter=1.1),
        lambda: TaskPipeline([invert], on_error=1.1),
        lambda: TaskPipeline([invert], on_error=-0.1),
        lambda: TaskPipeline([invert], limit_rate=0),
        lambda: TaskPipeline([invert], limit_rate=float("inf")),
    ],
)
def test_numbers_that_make_no_sense_are_refused(make: Callable[[], object]) -> None:
    with pytest.raises(ValueError):
        make()


# The queue.


class Interrupted(deque[Task[int]]):
    """Something happens right after an item has come in."""

    def __init__(self, then: Callable[[], object]) -> None:
        super().__init__()
        self.then = then

    def append(self, task: Task[int]) -> None:
        super().append(task)
        self.then()


def test_a_put_that_the_end_overtakes_is_taken_back() -> None:
    queue = StageQueue[int](5)
    queue._items = Interrupted(queue.shutdown)
    with pytest.raises(ShutDown):
        queue.put(Task(0, 0))
    assert queue.size() == 0
    assert queue.new_taker(lambda: None).take() is None


def test_a_put_that_the_end_overtakes_stands_if_the_task_was_taken() -> None:
    queue = StageQueue[int](5)
    taken: list[Task[int]] = []

    def take_and_end() -> None:
        taken.append(queue.take())
        queue.shutdown()

    queue._items = Interrupted(take_and_end)
    queue.put(Task(0, 0))
    assert [task.id for task in taken] == [0]


def test_who_waits_for_room_gets_it_from_a_take_or_goes_at_the_end(spawn: Any, until: Any) -> None:
    queue = StageQueue[int](1)
    taker = queue.new_taker(lambda: None)
    queue.put(Task(0, 0))
    second = spawn(queue.put, Task(1, 1))
    until(lambda: queue._stuffed)
    assert taker.take() is not None
    second.result()
    third = spawn(queue.put, Task(2, 2))
    until(lambda: queue._stuffed)
    queue.shutdown()
    with pytest.raises(ShutDown):
        third.result()
    assert [taker.take(), taker.take()][1] is None
    assert queue.statistics()[:1] + queue.statistics()[3:7] == (1, 1, 1.0, 2, 2)


def test_a_task_that_comes_back_needs_no_room() -> None:
    queue = StageQueue[int](1)
    queue.put(Task(0, 0))
    assert queue.put_later(Task(1, 1), 0)
    queue.shutdown()
    taker = queue.new_taker(lambda: None)
    taken = list(iter(taker.take, None))
    assert [task.id for task in taken if task] == [1, 0]
    queue.hurry()
    assert not queue.put_later(Task(2, 2), 0)
