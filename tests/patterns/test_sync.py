import ast
import math
import pathlib
import threading
from collections.abc import Callable, Iterator

import pytest

from concli import patterns
from concli.patterns import BoundedBuffer, _sync, sync


def test_no_timeout_is_a_deadline_that_never_comes() -> None:
    assert _sync.deadline_after(None) is None
    assert _sync.remaining(None) == -1


def test_a_deadline_comes_nearer_and_stays_at_zero_when_it_has_passed(set_clock: Callable[[float], None]) -> None:
    set_clock(100.0)
    deadline = _sync.deadline_after(5.0)
    assert _sync.remaining(deadline) == 5.0
    set_clock(103.0)
    assert _sync.remaining(deadline) == 2.0
    set_clock(106.0)
    assert _sync.remaining(deadline) == 0.0


@pytest.mark.parametrize("timeout", [None, 0.0, 1.0, 1e300, math.inf])
def test_what_remains_of_any_timeout_is_what_a_lock_takes(timeout: float | None) -> None:
    assert threading.Lock().acquire(timeout=_sync.remaining(_sync.deadline_after(timeout)))


def test_a_negative_timeout_is_an_error() -> None:
    with pytest.raises(ValueError):
        _sync.deadline_after(-1.0)


def test_primitives_are_looked_up_when_they_are_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    def make_lock() -> threading.Lock:
        made.append(threading.Lock())
        return made[-1]

    monkeypatch.setattr(_sync, "Lock", make_lock)
    buffer = BoundedBuffer[int]()
    assert made == [buffer._mutex]


def taken_from_elsewhere(tree: ast.Module) -> Iterator[str]:
    """Yield what a module takes from modules that have locks, threads or clocks."""
    elsewhere = {"threading", "_thread", "time"}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module in elsewhere:
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in elsewhere:
            yield node.attr


FILES = sorted(pathlib.Path(patterns.__file__).parent.glob("*.py"))
OWN_BUSINESS = {"_sync", "_at_exit"}  # the place itself, and the interpreter's ending, which no scheduler controls


@pytest.mark.parametrize("path", [path for path in FILES if path.stem not in OWN_BUSINESS], ids=lambda path: path.stem)
def test_patterns_take_locks_threads_and_clocks_from_here(path: pathlib.Path) -> None:
    taken = set(taken_from_elsewhere(ast.parse(path.read_text(encoding="utf-8"))))
    here = {"Event", "Semaphore", "Barrier", "Timer", "sleep", *_sync.__all__}
    assert taken & here == set()


def test_a_checkpoint_is_nothing_outside_of_an_exploration() -> None:
    sync.checkpoint()
    _sync.checkpoint()


def test_the_public_names_are_looked_up_at_every_call(monkeypatch: pytest.MonkeyPatch) -> None:
    assert set(sync.__all__) == set(_sync.__all__) == set(dir(sync))
    monkeypatch.setattr(_sync, "monotonic", lambda: 7.0)
    assert sync.monotonic() == 7.0
    monkeypatch.undo()
    assert sync.monotonic is _sync.monotonic
    with pytest.raises(AttributeError):
        sync.no_such_thing  # noqa: B018 - the look-up is what is tested
