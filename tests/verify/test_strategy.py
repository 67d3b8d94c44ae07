from itertools import pairwise

import pytest

from concli.verify.strategy import Dfs, Follow, Pct, Random, Strategy, make_strategy


def schedules(strategy: Strategy, depth: int = 3, width: int = 2, limit: int = 1000) -> list[tuple[int, ...]]:
    """Run a tree in which there are `width` options at each of `depth` switch points of one thread that goes on."""
    found: list[tuple[int, ...]] = []
    while len(found) < limit and strategy.begin():
        found.append(tuple(strategy.choose([4 * i for i in range(width)], width, True) for _ in range(depth)))
        strategy.end()
    return found


def test_depth_first_comes_to_every_schedule_once() -> None:
    found = schedules(Dfs(None))
    assert len(found) == len(set(found)) == 8


@pytest.mark.parametrize(("bound", "count"), [(0, 1), (1, 4), (2, 7), (3, 8)])
def test_a_bound_on_preemptions_is_kept_and_simple_schedules_come_first(bound: int, count: int) -> None:
    strategy = Dfs(bound)
    found = schedules(strategy)
    assert len(set(found)) == count
    assert strategy.is_exhausted
    assert sum(found[0]) == 0
    assert max(map(sum, found)) == bound


def test_what_can_not_go_on_gives_way_for_free() -> None:
    strategy = Dfs(0)
    found = []
    while strategy.begin():
        found.append(strategy.choose([4, 8, 9], 2, False))  # two may go on, and a timeout may fire
        strategy.end()
    assert found == [0, 1]


def test_depth_first_says_when_the_code_does_not_do_the_same_again() -> None:
    strategy = Dfs(None)
    schedules(strategy, limit=1)
    strategy.begin()
    with pytest.raises(RuntimeError, match="same"):
        strategy.choose([0, 4, 8], 3, True)


def test_chance_comes_from_the_seed() -> None:
    assert schedules(Random(1), limit=50) == schedules(Random(1), limit=50) != schedules(Random(2), limit=50)
    assert set(schedules(Random(1), limit=200)) == set(schedules(Dfs(None)))
    assert schedules(Pct(1), limit=50) == schedules(Pct(1), limit=50)


def test_priorities_change_no_more_often_than_the_depth_allows() -> None:
    for found in schedules(Pct(0, depth=1), depth=20, width=3, limit=30):
        assert len(set(found)) == 1
    for found in schedules(Pct(0, depth=3), depth=20, width=3, limit=30):
        assert sum(one != after for one, after in pairwise(found)) <= 2


def test_decisions_are_followed_where_they_fit() -> None:
    assert schedules(Follow([1, 7]), limit=1) == [(1, 0, 0)]


def test_strategies_have_names() -> None:
    assert [make_strategy(name).name for name in ("random", "pct", "pct 5", "dfs", "dfs 1", "dfs all")] == [
        "random",
        "pct 3",
        "pct 5",
        "dfs 2",
        "dfs 1",
        "dfs",
    ]
    with pytest.raises(ValueError):
        make_strategy("luck")
    with pytest.raises(ValueError):
        make_strategy("pct 0")
