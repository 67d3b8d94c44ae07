import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from concli.patterns import Barrier, ThreadPool, _crew, _outcome, thread_pool
from concli.verify import Call, Raised, ReplayDiverged, Spec, explore, read_failure, replay, scenario
from concli.verify.catalogue import SCENARIOS, SCHEDULES, STRATEGY
from concli.verify.models.thread_pool import THREAD_POOL, Pool, PoolState, ThreadPoolModel
from tests.verify.mutants import thread_pool as mutants

REPLAYS = Path(__file__).parents[1] / "replays"


@pytest.fixture(autouse=True)
def _as_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """How small a failure can be made is not the question here."""
    monkeypatch.setattr(sys.modules["concli.verify.explore"], "minimize", lambda _, scenario, run: (scenario, run))


def of(module: Any, name: str, kind: type) -> Spec:
    return THREAD_POOL._replace(fresh=(*THREAD_POOL.fresh, (module, name, lambda: kind)), granularity="primitive")


def test_the_pool_keeps_its_promises() -> None:
    found = explore(THREAD_POOL, strategy=STRATEGY, schedules=300, scenarios=10)
    assert found.passed, found.show()


@pytest.mark.parametrize("max_queue", [0, 1])
def test_it_keeps_them_in_every_schedule_with_one_preemption(max_queue: int) -> None:
    calls: list[list[tuple[Any, ...]]] = [[("submit", 1), ("call", 2)], [("shutdown", True, True)]]
    one = scenario(THREAD_POOL, calls, config={"max_workers": 1, "max_queue": max_queue})
    found = explore(one, strategy="dfs 1", schedules=20_000)
    assert found.passed, found.show()
    assert found.exhaustive


@pytest.mark.parametrize(
    ("spec", "kinds"),
    [
        (of(_crew, "Worker", mutants.RestsWithoutTheLock), {"lost wakeup", "invariant"}),
        (of(thread_pool, "Crew", mutants.TakesWithoutAWord), {"lost wakeup"}),
        (of(thread_pool, "Crew", mutants.KeepsTheRoom), {"lost wakeup"}),
        (of(thread_pool, "Crew", mutants.ClearsACopy), {"invariant", "exception"}),
    ],
)
def test_a_mistake_is_found_within_the_default_budget(spec: Spec, kinds: set[str]) -> None:
    found = explore(spec, strategy=STRATEGY, schedules=SCHEDULES, scenarios=SCENARIOS)
    assert found.violations[0].violation.kind in kinds, found.show()


class Meeting:
    """The textbook's: tasks that wait for each other."""

    def __init__(self, workers: int) -> None:
        self.pool = ThreadPool(workers, "pool")
        self._barrier = Barrier(2)

    def meet(self) -> None:
        self.pool.submit(self._barrier.wait).result()

    def end(self) -> None:
        self._barrier.abort()
        self.pool.shutdown()


def test_a_barrier_in_a_pool_too_small_for_it_is_a_deadlock() -> None:
    spec = Spec("Meeting", Meeting, finish=Meeting.end, fresh=THREAD_POOL.fresh)
    calls = [[("meet",)], [("meet",)]]
    found = explore(scenario(spec, calls, config={"workers": 1}), strategy=STRATEGY, schedules=50)
    assert [failure.violation.kind for failure in found.violations] == ["deadlock"]
    found = explore(scenario(spec, calls, config={"workers": 2}), strategy=STRATEGY, schedules=50)
    assert found.passed, found.show()


@pytest.mark.skipif(not getattr(sys, "_is_gil_enabled", lambda: True)(), reason="needs immediate deallocation")
def test_a_pool_that_is_dropped_does_its_work_and_ends() -> None:
    def drop(pool: Pool) -> None:
        pool.__dict__.pop("pool", None)

    spec = THREAD_POOL._replace(model=None, actions={"drop": drop}, invariant=None, finish=None)
    calls: list[list[tuple[Any, ...]]] = [[("submit", 1), ("submit", 2), ("drop",)]]
    one = scenario(spec, calls, config={"max_workers": 2}, granularity="line")
    found = explore(one, strategy=STRATEGY, schedules=300)
    assert found.passed, found.show()


def test_what_was_found_in_a_bounded_queue_is_found_no_more() -> None:
    """One of two who waited for room found an idle worker, and the other waited on beside an empty queue."""
    failure = read_failure(REPLAYS / "thread-pool-room-left-over.json", lambda _: THREAD_POOL)
    with pytest.raises(ReplayDiverged):
        replay(failure)
    one = failure.scenario._replace(granularity="primitive")
    again = explore(one, strategy=STRATEGY, schedules=500)
    assert again.passed, again.show()
    spec = of(thread_pool, "Crew", mutants.KeepsTheRoom)
    assert explore(one._replace(spec=spec), strategy=STRATEGY, schedules=2000).violations


def test_what_was_found_in_shutdown_is_found_no_more() -> None:
    """An interrupt while it cancelled the tasks left some that nobody had any more."""
    spec = THREAD_POOL._replace(watched=(_outcome.Outcome._wait, _outcome.Outcome.result))
    failure = read_failure(REPLAYS / "thread-pool-interrupted-shutdown.json", lambda _: spec)
    with pytest.raises(ReplayDiverged):
        replay(failure)
    again = explore(failure.scenario, strategy=STRATEGY, schedules=300)
    assert again.passed, again.show()
    spec = spec._replace(make=partial(Pool, mutants.LeavesTheRest))
    assert explore(failure.scenario._replace(spec=spec), strategy=STRATEGY, schedules=300).violations


def test_the_model_refuses_after_a_shutdown() -> None:
    model, ended = ThreadPoolModel(), PoolState(has_ended=True)
    assert list(model.apply(model.initial, Call(1, "submit", (1,)))) == [(None, model.initial)]
    assert list(model.apply(model.initial, Call(1, "shutdown", ()))) == [(None, ended)]
    assert list(model.apply(ended, Call(1, "submit", (1,)))) == [(Raised("PoolShutDown"), ended)]
    waiting = model.arrive(model.initial, Call(1, "call", (1,)))
    assert waiting is not None
    assert list(model.apply(waiting, Call(1, "call", (1,)))) == [(1, model.initial)]
    assert model.arrive(ended, Call(1, "call", (1,))) is None
