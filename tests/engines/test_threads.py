import threading

import pytest

from concli.engines.engine import Settings
from concli.engines.threads import Threads
from concli.errors import UsageError
from concli.patterns import ShutDown, ThreadGroup
from tests.engines import units


def test_a_unit_is_done_by_the_thread_that_calls() -> None:
    with Threads(2).open(units.make_call) as place:
        assert place((threading.get_ident,)) == threading.get_ident()


def test_each_thread_has_a_function_of_its_own() -> None:
    counts: list[int] = []

    def count() -> None:
        counts.append(max(place(None) for _ in range(3)))

    with Threads(2).open(units.make_counter) as place, ThreadGroup() as group:
        for _ in range(2):
            group.spawn(count)
    assert counts == [3, 3]


def test_after_a_cancel_nothing_begins() -> None:
    with Threads(1).open(units.make_power, 2) as place:
        place.cancel()
        with pytest.raises(ShutDown):
            place(1)


def test_settings_it_has_no_use_for_are_refused() -> None:
    with pytest.raises(UsageError, match="leave them out"):
        Threads(1, Settings(memory=1))
