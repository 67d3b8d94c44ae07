"""Which stage limits a run, and what is said to help."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from concli.metrics import StageUsage, Verdict
from concli.metrics.bottleneck import find_bottleneck


def stage(name: str, *, workers: int = 1, busy_s: float = 0.0, starved_s: float = 0.0) -> StageUsage:
    return StageUsage(name, workers, 0, 0, 0, 0, 0, busy_s, starved_s, 0.0, None, None, None)


def verdict(*stages: StageUsage, cpu_s: float = 10.0, cpus: int = 8) -> Verdict:
    found = find_bottleneck(stages, 10.0, cpu_s, cpus)
    assert found is not None
    return found


@pytest.mark.parametrize("stages", [[], [stage("read"), stage("write", starved_s=9.0)]])
def test_a_run_that_has_done_nothing_has_no_bottleneck(stages: list[StageUsage]) -> None:
    assert find_bottleneck(stages, 10.0, 1.0, 8) is None


def test_a_run_that_has_taken_no_time_has_no_bottleneck() -> None:
    assert find_bottleneck([stage("read", busy_s=1.0)], 0.0, 1.0, 8) is None


def test_the_stage_whose_workers_are_the_busiest_is_named_and_not_the_one_with_the_most_work() -> None:
    found = verdict(stage("read", busy_s=9.0), stage("parse", workers=4, busy_s=20.0), stage("write", busy_s=1.0))
    assert found.stage == "read"
    assert found.why.startswith("its 1 worker busy 90% of the time")


@pytest.mark.parametrize(
    ("busiest", "advice"),
    [
        ("read", "reading the input is the limit, more threads would not help"),
        ("parse", "more threads (-t) would help"),
        ("write", "writing the output is the limit, more threads would not help"),
    ],
)
def test_what_helps_depends_on_where_in_the_chain_the_limit_is(busiest: str, advice: str) -> None:
    found = verdict(*(stage(name, busy_s=9.5 if name == busiest else 2.0) for name in ("read", "parse", "write")))
    assert found == Verdict(busiest, f"its 1 worker busy 95% of the time; {advice}")


def test_when_all_cpus_are_in_use_more_threads_would_not_help() -> None:
    found = verdict(stage("read"), stage("parse", workers=2, busy_s=19.0), stage("write"), cpu_s=19.0, cpus=2)
    assert found.stage == "parse"
    assert found.why.startswith("its 2 workers busy 95% of the time; all 2 CPUs are in use")


def test_more_threads_than_cpus_are_never_advised() -> None:
    found = verdict(stage("read"), stage("parse", workers=2, busy_s=19.0), stage("write"), cpu_s=12.0, cpus=2)
    assert found.why.endswith("it has a worker for each of the 2 CPUs already, so more threads would not help")


def test_when_no_stage_is_busy_all_along_none_is_the_limit_alone() -> None:
    found = verdict(stage("read", busy_s=4.0), stage("parse", busy_s=5.0), stage("write", busy_s=4.0))
    assert found == Verdict(
        "parse", "its 1 worker busy 50% of the time; the stages take turns, none limits the run alone"
    )


def test_when_the_first_stage_waits_for_its_input_the_source_is_the_limit() -> None:
    found = verdict(stage("read", busy_s=1.0, starved_s=8.0), stage("parse", busy_s=2.0))
    assert found == Verdict("read", "it waited for input 80% of the time; a faster source would help")


def test_a_wait_is_shared_by_the_workers_of_the_first_stage() -> None:
    stages = [stage("fetch", workers=4, busy_s=24.0, starved_s=16.0), stage("store", busy_s=9.0)]
    assert verdict(*stages).stage == "store"


times = st.floats(0, 1e3)
stages = st.lists(
    st.builds(stage, st.text("abc", min_size=1), workers=st.integers(1, 9), busy_s=times, starved_s=times), max_size=5
)


@settings(deadline=None)
@given(stages, st.floats(0.001, 1e3), times, st.integers(1, 64))
def test_a_verdict_names_a_stage_of_the_run_and_no_share_above_the_whole(
    stages: list[StageUsage], elapsed_s: float, cpu_s: float, cpus: int
) -> None:
    found = find_bottleneck(stages, elapsed_s, cpu_s, cpus)
    assert (found is None) == all(stage.busy_s == 0 for stage in stages)
    if found is not None:
        assert found.stage in {stage.name for stage in stages}
        assert all(int(share) <= 100 for share in re.findall(r"(\d+)%", found.why))
