import gc
import os
import signal
import sys
import threading
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from concli.patterns import ThreadLocal, ThreadPool, _sync, sync
from concli.verify import Exploration, Op, Scenario, Spec, _scheduler, _strand, explore, generate, scenario
from tests.verify import broken
from tests.verify.buffer import BUFFER, QueueModel

STRATEGIES = ["random", "pct", "dfs"]
CROWD: list[list[tuple[Any, ...]]] = [[("put", 1), ("put", 2)], [("get",)], [("get",)], [("put", 3), ("get",)]]


def kinds(exploration: Exploration) -> list[str]:
    return [failure.violation.kind for failure in exploration.violations]


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("make", [broken.OneCondition])
def test_a_condition_for_both_sides_loses_a_wakeup(strategy: str, make: type) -> None:
    found = explore(scenario(make, CROWD, model=QueueModel(1)), strategy=strategy)
    assert kinds(found) == ["lost wakeup"]


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_an_if_in_place_of_a_while_is_found(strategy: str) -> None:
    found = explore(scenario(broken.IfForWhile, CROWD, model=QueueModel(1)), strategy=strategy)
    assert kinds(found) == ["not linearizable"]


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_dropped_notify_is_found_in_scenarios_drawn_by_chance(strategy: str) -> None:
    spec = BUFFER._replace(make=broken.buffer_with_a_dropped_notify)
    assert kinds(explore(spec, strategy=strategy, schedules=4000)) == ["lost wakeup"]


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_check_that_is_not_one_with_the_act_is_found(strategy: str) -> None:
    calls: list[list[tuple[Any, ...]]] = [[("add",), ("get",)], [("add",), ("get",)]]
    found = explore(scenario(broken.CheckThenAct, calls, model=broken.CounterModel()), strategy=strategy)
    assert kinds(found) == ["not linearizable"]


@pytest.mark.parametrize("granularity", ["line", "opcode"])
def test_a_race_without_any_lock_shows_at_lines_and_opcodes_and_only_there(granularity: Any) -> None:
    calls: list[list[tuple[Any, ...]]] = [[("add",)], [("add",), ("get",)]]
    one = scenario(broken.Unlocked, calls, model=broken.CounterModel())
    assert explore(one, strategy="dfs").passed
    assert kinds(explore(one._replace(granularity=granularity), strategy="dfs")) == ["not linearizable"]


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_locks_taken_in_two_orders_are_a_deadlock(strategy: str) -> None:
    found = explore(scenario(broken.TwoLocks, [[("forth",)], [("back",)]]), strategy=strategy)
    assert kinds(found) == ["deadlock"]


def test_what_is_right_passes_every_schedule_with_two_preemptions() -> None:
    found = explore(scenario(broken.TwoConditions, CROWD[:3], model=QueueModel(1)), strategy="dfs", schedules=9999)
    assert found.passed
    assert found.exhaustive
    assert found.schedules >= found.distinct > 100


def test_a_limit_that_is_reached_is_said_and_is_no_pass() -> None:
    one = scenario(broken.Spinning, [[("set",)], [("wait",)]])
    found = explore(one, strategy="pct", step_limit=50, schedules=100)
    assert found.unfinished > 0
    assert not found.violations
    assert not found.passed
    assert "livelock" in found.show()
    cut = explore(scenario(broken.TwoConditions, CROWD, model=QueueModel(1)), strategy="dfs", schedules=10)
    assert cut.schedules == 10
    assert not cut.exhaustive
    assert "not exhaustive" in cut.show()


def test_schedules_that_one_scenario_does_not_need_are_for_the_others() -> None:
    def run(schedules: int) -> Exploration:
        return explore(spec, strategy="dfs 1", scenarios=4, threads=2, schedules=schedules)

    spec = Spec("x", broken.CheckThenAct, program=lambda random, *_: [Op("get")] * random.choice([1, 5]))
    needed = run(10**5).schedules
    assert run(needed).exhaustive
    assert not run(needed - 1).exhaustive


def test_the_same_seed_gives_the_same_schedules() -> None:
    first, second = (explore(BUFFER, schedules=200, seed=5)._replace(seconds=0) for _ in range(2))
    assert first == second
    assert explore(BUFFER, schedules=200, seed=6).switch_points != first.switch_points


def test_time_and_progress_are_kept() -> None:
    told: list[Exploration] = []
    found = explore(BUFFER, schedules=250, scenarios=3, progress=told.append)
    assert found.schedules == 250
    assert [so_far.schedules for so_far in told] == [100, 200, 250]
    assert told[-1]._replace(seconds=0) == found._replace(seconds=0)
    assert not found.out_of_time
    cut = explore(BUFFER, schedules=10**6, time_s=0.05)
    assert cut.schedules < 10**6
    assert cut.out_of_time


@pytest.mark.parametrize("interrupts", [1, 2])
def test_a_buffer_withstands_interrupts_of_those_who_wait(interrupts: int) -> None:
    one = generate(BUFFER, Random(interrupts))._replace(interrupts=interrupts)
    found = explore(one, schedules=300)
    assert found.passed, found.show()


def test_every_other_scenario_drawn_has_faults(monkeypatch: pytest.MonkeyPatch) -> None:
    def draw(spec: Spec, random: Random, **options: Any) -> Scenario:
        drawn.append(generate(spec, random, **options))
        return drawn[-1]

    drawn: list[Scenario] = []
    monkeypatch.setattr(sys.modules["concli.verify.explore"], "generate", draw)
    explore(BUFFER._replace(interrupts=2, spurious=1), scenarios=4, schedules=1)
    assert [(made.interrupts, made.spurious) for made in drawn] == [(0, 0), (2, 1), (0, 0), (2, 1)]


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_checkpoint_is_a_switch_point(strategy: str) -> None:
    calls: list[list[tuple[Any, ...]]] = [[("add",)], [("add",), ("get",)]]
    one = scenario(broken.Announced, calls, model=broken.CounterModel())
    assert kinds(explore(one, strategy=strategy)) == ["not linearizable"]


def test_a_spurious_wakeup_is_found_where_it_does_harm() -> None:
    calls: list[list[tuple[Any, ...]]] = [[("put", 1)], [("get",)]]
    one = scenario(broken.IfForWhile, calls, model=QueueModel(1))
    assert explore(one, strategy="dfs").passed
    assert kinds(explore(one._replace(spurious=1), strategy="dfs")) == ["not linearizable"]


def test_threads_of_the_object_are_scheduled_as_well_and_must_end() -> None:
    actions = {"run": lambda pool, x: pool.submit(lambda: x + 1).result()}
    calls: list[list[tuple[Any, ...]]] = [[("run", 1), ("run", 2)], [("run", 3)]]
    spec = Spec("pool", lambda: ThreadPool(2), actions=actions)
    assert explore(scenario(spec, calls, finish=ThreadPool.shutdown), schedules=200).passed


def test_a_thread_that_has_not_ended_is_a_violation() -> None:
    def begin(event: Any) -> None:
        sync.Thread(target=event.wait).start()

    spec = Spec("event", lambda: sync.Event(), actions={"begin": begin})  # noqa: PLW0108 - looked up when called
    one = scenario(spec, [[("begin",)]])
    assert kinds(explore(one, schedules=20)) == ["thread left behind"]
    assert explore(one._replace(spec=spec._replace(finish=lambda event: event.set())), schedules=20).passed


def test_an_exception_in_a_thread_of_the_object_is_seen() -> None:
    def begin(_: object) -> None:
        sync.Thread(target=int, args=("x",)).start()

    found = explore(scenario(Spec("x", object, actions={"begin": begin}), [[("begin",)]]), schedules=10)
    assert kinds(found) == ["exception"]
    assert "ValueError" in found.show()


def test_what_a_thread_has_for_itself_is_not_seen_by_the_next_schedule() -> None:
    kept = ThreadLocal[list[int]](list)  # made outside: on real primitives
    idents: set[int] = set()

    def use(local: ThreadLocal[list[int]]) -> int:
        local.get().append(1)
        idents.add(sync.get_ident())
        assert sync.current_thread().ident == sync.get_ident()
        return len(local.get())

    spec = Spec("local", lambda: ThreadLocal(list), actions={"use": use})
    calls: list[list[tuple[Any, ...]]] = [[("use",), ("use",)], [("use",)]]
    held = scenario(spec, calls, invariant=lambda local: sorted(map(len, local.values())) == [1, 2])
    assert explore(held, schedules=50).passed
    assert idents == {2, 3}
    assert kept.values() == []


def world() -> tuple[Any, ...]:
    cpus = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    return [vars(_sync)[name] for name in _sync.__all__], cpus, gc.isenabled(), gc.get_freeze_count(), gc.callbacks[:]


class OddError(Exception):
    pass


def raise_odd(*_: object, **_keywords: object) -> None:
    raise OddError


@pytest.mark.parametrize("where", ["make", "model", "progress", "nowhere"])
def test_everything_is_as_before_whatever_happens(where: str) -> None:
    spec: Any = BUFFER
    progress: Callable[[Exploration], None] | None = None
    if where == "progress":
        progress = raise_odd
    elif where != "nowhere":
        spec = spec._replace(**{where: raise_odd})
    before, threads = world(), threading.active_count()
    try:
        explore(spec, schedules=200, progress=progress)
        assert where == "nowhere"
    except OddError:
        assert where != "nowhere"
    assert world() == before
    assert threading.active_count() == threads


def test_an_interrupt_of_the_explorer_ends_it(interrupt_during: Callable[[], None]) -> None:
    def run(_: object) -> None:
        interrupt_during()
        for _i in range(10_000):
            sync.Lock().acquire()
            sync.sleep(0)

    before = world()
    spec = Spec("x", object, actions={"run": run})
    with pytest.raises(KeyboardInterrupt):
        explore(Scenario(spec, ((Op("run"),), (Op("run"),))), step_limit=10**9)
    assert world() == before


def test_code_that_waits_for_what_is_not_scheduled_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (_scheduler, _strand):
        monkeypatch.setattr(module, "_PATIENCE_S", 0.05)
    before, elsewhere = world(), threading.Event()
    spec = Spec("x", object, actions={"wait": lambda _: elsewhere.wait()})
    try:
        with pytest.raises(RuntimeError, match=r"T[12].*waits outside the scheduler"):
            explore(scenario(spec, [[("wait",)], [("wait",)]]))
        assert world() == before
    finally:
        elsewhere.set()  # now its thread can end, and does


@pytest.fixture
def interrupt_during() -> Callable[[], None]:

    main = threading.get_ident()
    return lambda: signal.pthread_kill(main, signal.SIGINT)


def test_there_is_one_exploration_at_a_time() -> None:
    spec = Spec("nested", object, actions={"explore": lambda _: explore(BUFFER, schedules=1)})
    found = explore(scenario(spec, [[("explore",)]]), schedules=1)
    assert kinds(found) == ["exception"]
    assert "already" in found.show()
