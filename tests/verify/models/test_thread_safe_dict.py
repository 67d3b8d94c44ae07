import sys
from typing import Any

import pytest

from concli.verify import Call, Raised, explore
from concli.verify.catalogue import SCENARIOS, SCHEDULES, STRATEGY
from concli.verify.models.thread_safe_dict import THREAD_SAFE_DICT, ThreadSafeDictModel
from tests.verify.mutants import thread_safe_dict as mutants


def test_the_dict_keeps_to_the_model() -> None:
    found = explore(THREAD_SAFE_DICT, strategy=STRATEGY, schedules=300, scenarios=10)
    assert found.passed, found.show()


@pytest.mark.parametrize(
    ("kind", "violation"),
    [
        (mutants.ChecksThenSets, "not linearizable"),
        (mutants.ComputesOutside, "not linearizable"),
        (mutants.MergesPiecewise, "not linearizable"),
        (mutants.WritesAsReader, "not linearizable"),
    ],
)
def test_a_mistake_is_found_within_the_default_budget(
    kind: Any, violation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # How small the failure can be made is not the question here.
    monkeypatch.setattr(sys.modules["concli.verify.explore"], "minimize", lambda _, scenario, run: (scenario, run))
    spec = THREAD_SAFE_DICT._replace(make=lambda prefer: kind(prefer=prefer), watched=(*THREAD_SAFE_DICT.watched, kind))
    found = explore(spec, strategy=STRATEGY, schedules=SCHEDULES, scenarios=SCENARIOS)
    assert [failure.violation.kind for failure in found.violations] == [violation]


def test_a_merge_that_fails_changes_nothing() -> None:
    model = ThreadSafeDictModel()
    full = (("d", 12),)
    assert list(model.apply(full, Call(1, "merge", ("a", 1)))) == [(Raised("OverflowError"), full)]
    assert list(model.apply((), Call(1, "merge", ("a", 1)))) == [(None, (("a", 1), ("d", 6)))]
