import pytest

from concli.verify import explore, scenario
from concli.verify._session import session
from concli.verify.minimize import minimize
from concli.verify.run import Run, Runner
from concli.verify.strategy import Random
from tests.verify import broken
from tests.verify.buffer import QueueModel


def test_what_is_left_is_what_it_takes() -> None:
    calls = [[("add",), ("get",), ("add",)], [("get",), ("add",), ("get",)], [("get",), ("add",)]]
    found = explore(scenario(broken.CheckThenAct, calls, model=broken.CounterModel()), seed=1).violations[0]
    names = sorted(op.name for ops in found.scenario.threads for op in ops)
    assert names == ["add", "add", "get"]
    assert sum(map(bool, found.decisions)) <= 3


def test_the_same_failure_becomes_small_in_the_same_way() -> None:
    one = scenario(
        broken.OneCondition,
        [[("put", 1), ("put", 2)], [("get",)], [("get",)], [("put", 3)]],
        model=QueueModel(1),
    )
    first, second = (explore(one, seed=4).violations[0] for _ in range(2))
    assert first.to_json() == second.to_json()


def test_where_nothing_is_wrong_there_is_nothing_to_make_small() -> None:
    one = scenario(broken.TwoConditions, [[("put", 1)]], model=QueueModel(1))
    with session() as made:
        run = Runner(made, one).run(Random(0).choose)
        with pytest.raises(ValueError):
            minimize(lambda candidate: Runner(made, candidate), one, run)


def test_a_run_is_told_with_its_calls() -> None:
    with session() as made:
        run: Run = Runner(made, scenario(broken.TwoConditions, [[("put", 1), ("get",)]])).run(
            Random(0).choose, traced=True
        )
    assert [(call.name, call.result) for call in run.calls] == [("put", None), ("get", 1)]
