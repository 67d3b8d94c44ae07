"""Which stage limits, of figures made up."""

import os

import pytest

from concli.engines.engine import EngineStatistics, WorkerUsage
from concli.metrics import StageUsage
from concli.metrics.report import QueueUsage
from concli.tasks.verdict import Limit, Usage, find_limit


def stage(name: str, workers: int, items: int, busy_s: float) -> StageUsage:
    return StageUsage(name, workers, items, items, 0, 0, 0, busy_s, 0.0, 0.0, None, None, None)


WAITING = Usage(elapsed_s=10.0, cpu_s=1.0, own_cpu_s=0.5)


@pytest.mark.parametrize(
    ("stages", "name", "words"),
    [
        # a: 2 workers, 0.2 s each, so 10 a second; b: 4 workers, 0.2 s each, so 20 a second.
        (
            [stage("a", 2, 100, 20.0), stage("b", 4, 100, 20.0)],
            "a",
            "with workers=4 the limit would be b, at 20 tasks/s",
        ),
        ([stage("a", 2, 100, 20.0)], "a", "workers=4 would about double the 10 tasks/s"),
        (
            [stage("a", 1, 100, 10.0), stage("b", 1, 100, 0.01)],
            "a",
            "with workers=4 it could do four times its 10 tasks/s",
        ),
        ([stage("a", 1, 100, 10.0), stage("b", 1, 100, 9.9)], "a", "with workers=2 the limit would be b"),
        ([stage("a", 1, 100, 2.0), stage("b", 1, 100, 3.0)], "b", "the input or the output sets the pace"),
    ],
)
def test_the_busiest_stage_limits_and_workers_are_counted_by_the_next(
    stages: list[StageUsage], name: str, words: str
) -> None:
    verdict = find_limit(stages, WAITING, cpus=2, gil=True)
    assert verdict is not None
    assert (verdict.stage, words in verdict.why) == (name, True), verdict


def test_more_workers_are_not_advised_where_they_would_not_help() -> None:
    stages = [stage("a", 2, 100, 20.0)]
    full = find_limit(stages, Usage(10.0, 19.0, 1.0), cpus=2, gil=False)
    held = find_limit(stages, Usage(10.0, 10.0, 10.0), cpus=2, gil=True)
    free = find_limit(stages, Usage(10.0, 10.0, 10.0), cpus=2, gil=False)
    assert full is not None
    assert held is not None
    assert free is not None
    assert "all 2 CPUs are in use" in full.why
    assert "the GIL lets one thread compute" in held.why
    assert "would about double" in free.why


def test_a_stage_that_tasks_stand_before_limits_though_its_long_calls_have_not_ended() -> None:
    waited_for = stage("a", 2, 4, 10.0)._replace(queue=QueueUsage(64, 64, 60.0, 64, "tasks"))
    verdict = find_limit([waited_for], WAITING, cpus=2, gil=True)
    assert verdict is not None
    assert "would about double" in verdict.why


def test_of_nothing_or_next_to_nothing_there_is_no_verdict() -> None:
    assert find_limit([], WAITING, cpus=2, gil=True) is None
    assert find_limit([stage("a", 1, 0, 0.0)], WAITING, cpus=2, gil=True) is None
    assert Limit(lambda: EngineStatistics("threads")).find([stage("a", 1, 1, 0.1)]) is None


def test_workers_of_an_engine_that_are_all_busy_are_the_limit_unless_the_cpus_are() -> None:
    used = Usage(10.0, 3.0, 0.5, placed_s=9.5, places=2)
    verdict = find_limit([stage("a", 8, 100, 75.0)], used, cpus=2, gil=True)
    assert verdict is not None
    assert "so are the 2 workers of the engine, and -t would give it more" in verdict.why
    full = find_limit([stage("a", 8, 100, 75.0)], used._replace(cpu_s=19.0), cpus=2, gil=True)
    assert full is not None
    assert "all 2 CPUs are in use" in full.why


def test_the_cpus_are_used_by_the_workers_that_are_here_too() -> None:
    here = WorkerUsage("worker-1", os.uname().nodename, 1, 9, busy_s=1e6, cpu_s=1e9, peak_rss_bytes=None)
    limit = Limit(lambda: EngineStatistics("processes", (here, here._replace(host="elsewhere", cpu_s=1e12))))
    used = limit._usage()
    assert 1e9 <= used.cpu_s < 2e9
    assert (used.own_cpu_s < 1e9, used.placed_s, used.places) == (True, 1e6, 2)
