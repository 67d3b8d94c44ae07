import signal
import threading
from collections.abc import Callable
from typing import Any

import pytest

from concli.patterns import Empty, sync
from concli.verify import Op, Raised, Scenario, Spec, scenario
from concli.verify._baton import Baton
from concli.verify._session import session
from concli.verify.run import Run, Runner
from concli.verify.strategy import Dfs, Follow
from tests.verify.buffer import BUFFER


def run(one: Scenario, *decisions: int, **options: Any) -> Run:
    follow = Follow(decisions)
    follow.begin()
    with session() as made:
        return Runner(made, one, **options).run(follow.choose, traced=True)


def acting(action: Any, threads: int = 1, **fields: Any) -> Scenario:
    return Scenario(Spec("x", object, actions={"act": action}, **fields), ((Op("act"),),) * threads)


def test_a_timeout_fires_when_nothing_else_can_happen_and_the_clock_has_moved_on() -> None:
    def act(_: object) -> float:
        began = sync.monotonic()
        lock = sync.Lock()
        assert lock.acquire()
        assert not lock.acquire(timeout=2.5)
        return sync.monotonic() - began

    assert run(acting(act)).calls[0].result == 2.5


def test_timeout_and_notify_are_both_tried() -> None:
    one = scenario(BUFFER, [[("get", True, 1.0)], [("put", 1)]], config={"maxsize": 1})
    strategy, results = Dfs(1), set()
    with session() as made:
        runner = Runner(made, one)
        while strategy.begin():
            results |= {call.result for call in runner.run(strategy.choose).calls if call.name == "get"}
            strategy.end()
    assert results == {1, Raised(Empty.__name__)}


def test_setup_comes_before_the_threads() -> None:
    one = scenario(BUFFER, [[("get",)]], setup=[("put", 7)], config={"maxsize": 1})
    done = run(one)
    assert done.violation is None
    assert [(call.thread, call.name, call.result) for call in done.calls] == [(0, "put", None), (1, "get", 7)]


def test_an_invariant_that_does_not_hold_is_a_violation() -> None:
    done = run(acting(lambda _: None, invariant=lambda _: False))
    assert done.violation is not None
    assert done.violation.kind == "invariant"


def test_an_end_that_raises_is_a_violation() -> None:
    done = run(acting(lambda _: None, finish=lambda _: int("x")))
    assert done.violation is not None
    assert done.violation.kind == "exception"


def wait_for_ever() -> None:
    lock = sync.Lock()
    lock.acquire()
    lock.acquire()


def wait_for_another_that_waits() -> None:
    thread = sync.Thread(target=wait_for_ever)
    thread.start()
    thread.join()


def wait_for_what_another_took_and_never_gave_back() -> None:
    lock = sync.Lock()
    thread = sync.Thread(target=lock.acquire)
    thread.start()
    thread.join()
    lock.acquire()


ENDLESS = [wait_for_ever, wait_for_another_that_waits, wait_for_what_another_took_and_never_gave_back]


@pytest.mark.parametrize("wait", ENDLESS)
@pytest.mark.parametrize("when", ["finish", "setup"])
@pytest.mark.parametrize("decisions", [(), (1, 1, 1, 1)])
def test_a_beginning_or_an_end_that_waits_for_ever_is_a_deadlock(
    wait: Callable[[], None], when: str, decisions: tuple[int, ...]
) -> None:
    if when == "setup":
        one = acting(lambda _: wait())._replace(threads=(), setup=(Op("act"),))
    else:
        one = acting(lambda _: None, finish=lambda _: wait())
    done = run(one, *decisions)
    assert done.violation is not None
    assert done.violation.kind == "deadlock"
    assert "waits for ever" in done.violation.explanation


def test_the_trace_of_a_violation_does_not_tell_what_came_of_the_end() -> None:
    def finish(_: object) -> None:
        sync.checkpoint()

    done = run(acting(lambda _: None, invariant=lambda _: False, finish=finish))
    assert [step.thread for step in done.trace] == ["T1"] * len(done.trace)


def test_too_many_steps_are_no_verdict() -> None:
    def act(_: object) -> None:
        while True:
            sync.sleep(0)

    done = run(acting(act), step_limit=100)
    assert done.violation is not None
    assert done.violation.kind == "step limit"


def test_a_thread_that_swallows_everything_and_waits_again_is_unwound() -> None:
    def act(_: object) -> None:
        for _i in range(5):
            try:
                lock = sync.Lock()
                lock.acquire()
                lock.acquire()
            except BaseException:  # noqa: BLE001 - on purpose
                continue

    done = run(acting(act, threads=2))
    assert done.violation is not None
    assert done.violation.kind == "deadlock"


def test_other_threads_of_the_process_get_the_real_thing() -> None:
    with session():
        made: list[Any] = []
        thread = threading.Thread(target=lambda: made.extend([sync.Lock(), sync.get_ident()]))
        thread.start()
        thread.join()
        assert isinstance(made[0], type(threading.Lock()))
        assert made[1] == thread.ident


@pytest.mark.parametrize("name", ["Lock", "RLock", "Condition", "Semaphore", "BoundedSemaphore"])
def test_the_primitives_keep_threads_apart(name: str) -> None:
    def act(lock: Any) -> None:
        with lock:
            inside.append(sync.get_ident())
            sync.sleep(0)
            assert len(inside) == 1
            inside.clear()

    def make() -> Any:
        return getattr(sync, name)()

    inside: list[int] = []
    spec = Spec("x", make, actions={"act": act})
    one = Scenario(spec, ((Op("act"), Op("act")), (Op("act"),)))
    for first in range(2):
        for second in range(2):
            for third in range(2):
                assert run(one, first, second, third).violation is None


def test_an_event_and_a_thread_are_waited_for() -> None:
    def act(_: object) -> tuple[bool, bool]:
        event = sync.Event()
        early = event.wait(1.0)
        thread = sync.Thread(target=event.set)
        thread.start()
        event.wait()
        thread.join()
        assert not thread.is_alive()
        return early, event.is_set()

    assert run(acting(act)).calls[0].result == (False, True)


def test_misuse_is_refused_as_by_the_standard_library() -> None:
    def act(_: object) -> None:
        with pytest.raises(RuntimeError):
            sync.Lock().release()
        with pytest.raises(RuntimeError):
            sync.RLock().release()
        with pytest.raises(RuntimeError):
            sync.Condition().wait()
        with pytest.raises(ValueError):
            sync.BoundedSemaphore().release()
        with pytest.raises(RuntimeError):
            sync.Thread().join()

    assert run(acting(act)).violation is None


@pytest.mark.parametrize("choice", [0, 1])
def test_an_interrupt_while_one_hands_over_to_another_leaves_no_thread_behind(
    choice: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    main, is_unwinding = threading.get_ident(), threading.Event()

    def choose(options: list[int], ready: int, can_stay: bool) -> int:
        del options, ready
        if not can_stay:
            return 0
        signal.pthread_kill(main, signal.SIGINT)
        is_unwinding.wait()
        return choice

    with session() as made:
        wait = Baton.take_within

        def take_within(baton: Baton, seconds: float) -> bool:
            if made.scheduler is not None and made.scheduler.is_aborting:
                is_unwinding.set()
            return wait(baton, seconds)

        monkeypatch.setattr(Baton, "take_within", take_within)
        with pytest.raises(KeyboardInterrupt):
            Runner(made, acting(lambda _: None, threads=2)).run(choose)
