import random
import threading
from collections.abc import Callable, MutableMapping
from concurrent.futures import Future
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from concli.patterns.thread_safe_dict import ThreadSafeDict

Spawn = Callable[..., Future[Any]]
Until = Callable[[Callable[[], object]], None]

keys = st.integers(min_value=0, max_value=4)
dicts = st.dictionaries(keys, st.integers(), max_size=4)
operations = st.one_of(
    st.tuples(st.sampled_from(["__getitem__", "__delitem__", "__contains__", "get", "pop", "setdefault"]), keys),
    st.tuples(st.sampled_from(["__setitem__", "get", "pop", "setdefault"]), keys, st.integers()),
    st.tuples(st.sampled_from(["popitem", "clear", "__len__", "copy"])),
    st.tuples(st.sampled_from(["update", "__eq__", "__ne__"]), dicts),
    st.tuples(st.just("update"), st.lists(st.tuples(keys, st.integers()), max_size=4)),
)


def outcome_of(call: Callable[..., object], *args: object) -> object:
    try:
        return call(*args)
    except KeyError as error:
        return repr(error)


@settings(deadline=None)
@given(dicts, st.lists(operations, max_size=30))
def test_it_does_what_a_dict_does(start: dict[int, int], steps: list[tuple[Any, ...]]) -> None:
    model, tested = dict(start), ThreadSafeDict(start)
    for name, *args in steps:
        assert outcome_of(getattr(tested, name), *args) == outcome_of(getattr(model, name), *args)
        assert list(tested.items()) == list(model.items())
    assert (list(tested), list(tested.values()), list(tested.keys())) == (
        list(model),
        list(model.values()),
        list(model.keys()),
    )
    assert list(reversed(tested)) == list(reversed(model))


def test_it_is_a_mutable_mapping_that_shows_what_is_inside() -> None:
    tested = ThreadSafeDict([("a", 1)], prefer="fair")
    tested.update(b=2)
    assert isinstance(tested, MutableMapping)
    assert repr(tested) == "ThreadSafeDict({'a': 1, 'b': 2})"
    assert tested == {"a": 1, "b": 2} == tested.copy()
    assert tested == ThreadSafeDict(tested)


def test_a_walk_sees_what_was_there_when_it_began() -> None:
    tested = ThreadSafeDict({number: number for number in range(5)})
    items = tested.items()
    for key in tested:
        del tested[key]
        tested[key + 100] = key
    assert list(items) == [(number, number) for number in range(5)]
    assert sorted(tested) == list(range(100, 105))


def test_compute_stores_what_the_function_makes_of_the_value() -> None:
    tested = ThreadSafeDict({"a": 1})
    assert tested.compute("a", lambda value: value + 1) == 2
    assert tested.compute("b", lambda value: value + 1, 10) == 11
    assert tested.compute("c", lambda value: -1 if value is None else value) == -1
    assert tested == {"a": 2, "b": 11, "c": -1}


def test_update_with_merges_what_is_on_both_sides() -> None:
    tested = ThreadSafeDict({"a": 1, "b": 2})
    tested.update_with([("b", 10), ("c", 20)], lambda old, new: old - new)
    assert tested == {"a": 1, "b": -8, "c": 20}


def test_a_function_that_fails_changes_nothing_and_leaves_the_lock_free(spawn: Spawn) -> None:
    tested = ThreadSafeDict({"a": 1, "b": 0})
    with pytest.raises(ZeroDivisionError):
        tested.compute("b", lambda value: 1 // value)
    with pytest.raises(ZeroDivisionError):
        tested.update_with({"a": 5, "b": 6, "c": 7}, lambda old, _: 1 // old)
    assert spawn(tested.pop, "a").result() == 1
    assert tested == {"b": 0}


def test_a_function_may_use_the_dict() -> None:
    tested = ThreadSafeDict({"a": 1})
    assert tested.compute("b", lambda _: len(tested) + tested["a"] + tested.setdefault("c", 3)) == 5
    assert tested == {"a": 1, "b": 5, "c": 3}


def test_what_is_done_in_a_write_context_is_one_step(spawn: Spawn, until: Until) -> None:
    tested = ThreadSafeDict({"a": 1})
    with tested.write():
        other = spawn(tested.get, "a")
        until(lambda: tested.statistics().waiting_readers == 1)
        tested["a"] = tested["a"] + 1
        tested["a"] = tested["a"] + 1
    assert other.result() == 3
    with tested.read():
        writer = spawn(tested.clear)
        until(lambda: tested.statistics().waiting_writers == 1)
        assert tested["a"] == 3
    writer.result()
    assert not tested


def test_many_threads_count_exactly(spawn: Spawn) -> None:
    tested: ThreadSafeDict[str, int] = ThreadSafeDict()
    start = threading.Barrier(4)

    def count() -> None:
        start.wait(10)
        for _ in range(200):
            tested.compute("computed", lambda value: value + 1, 0)
            tested.update_with({"merged": 1}, lambda old, new: old + new)

    for thread in [spawn(count) for _ in range(4)]:
        thread.result()
    assert tested == {"computed": 800, "merged": 800}


def test_setdefault_gives_all_threads_the_same_value(spawn: Spawn) -> None:
    tested: ThreadSafeDict[int, object] = ThreadSafeDict()
    threads = [spawn(lambda: [tested.setdefault(key, object()) for key in range(100)]) for _ in range(4)]
    first, *others = [thread.result() for thread in threads]
    assert all(other == first for other in others)


@pytest.mark.stress
@pytest.mark.usefixtures("tiny_switch_interval")
def test_transfers_neither_make_nor_lose_anything(spawn: Spawn) -> None:
    accounts = ThreadSafeDict(dict.fromkeys(range(5), 100))

    def transfer(seed: int) -> None:
        choose = random.Random(seed)
        for _ in range(400):
            source, target = choose.sample(range(5), 2)
            if choose.random() < 0.3:
                assert sum(accounts.values()) == 500
            elif choose.random() < 0.2:
                with pytest.raises(ZeroDivisionError):
                    accounts.update_with({source: 1, target: 0}, lambda old, new: old // new)
            else:
                accounts.update_with({source: -1, target: 1}, lambda old, new: old + new)

    for thread in [spawn(transfer, seed) for seed in range(6)]:
        thread.result(60)
    assert sum(accounts.values()) == 500
