"""The summary of a whole run, fed sample by sample."""

import json
import math

from hypothesis import given
from hypothesis import strategies as st

from concli.monitor import Sample, Summary, rates_between
from tests.monitor.figures import process, sample, thread


def summed(*samples: Sample, cpus: int = 2) -> Summary:
    summary = Summary(cpus)
    for each in samples:
        summary.add(each)
    return summary


def test_what_was_used_before_it_was_watched_does_not_count() -> None:
    summary = summed(
        sample(0, process(cpu=100), thread(cpu=90, voluntary=7)),
        sample(4, process(cpu=102), thread(cpu=91, voluntary=9)),
    )
    (busiest,) = summary.busiest()
    assert (summary.cpu_s, summary.elapsed_s) == ((2, 0), 4)
    assert (busiest.cpu_s, busiest.voluntary, busiest.involuntary, busiest.alive) == (1, 2, None, True)
    assert summary.parallelism.cpu_per_s == 0.5


def test_processes_and_threads_that_end_keep_their_last_figures() -> None:
    summary = summed(
        sample(0, process(1)),
        sample(1, process(1), process(2, cpu=3), thread(1), thread(7, cpu=3, name="short")),
        sample(2, process(1, cpu=1), thread(1, cpu=1)),
        sample(3, gone=(1,)),
    )
    assert summary.cpu_s == (4, 0)
    assert [(each.name, each.cpu_s, each.alive) for each in summary.busiest()] == [
        ("short", 3, False),
        ("worker", 1, False),
    ]
    assert (summary.processes_seen, summary.most_processes, summary.threads_seen) == (2, 2, 2)


def test_an_id_that_is_used_again_is_another_process_and_another_thread() -> None:
    summary = summed(
        sample(0, process(1, cpu=5, started=1.0), thread(1, cpu=5)),
        sample(1, process(1, cpu=6, started=1.0), thread(1, cpu=6)),
        sample(2, process(1, cpu=2, started=9.0), thread(1, cpu=2)),
    )
    assert (summary.cpu_s, summary.processes_seen) == ((3, 0), 2)
    assert sorted((each.cpu_s, each.alive) for each in summary.busiest()) == [(1, False), (2, True)]


@given(st.lists(st.tuples(st.floats(0.01, 10), st.lists(st.floats(0, 10), max_size=4)), min_size=1, max_size=8))
def test_the_summary_is_the_sum_of_the_intervals(steps: list[tuple[float, list[float]]]) -> None:
    used, at, samples = [0.0] * 4, 0.0, []
    for interval, more in steps:
        used = [before + new for before, new in zip(used, [*more, 0, 0, 0, 0], strict=False)]
        samples.append(
            sample(at, *(process(pid, cpu=cpu) for pid, cpu in enumerate(used, 1) if len(more) >= pid or pid == 1))
        )
        at += interval
    summary, total, before = Summary(2), 0.0, None
    for each in samples:
        rates = rates_between(before, each)
        total += sum(rate.cpu for rate in rates.processes) * rates.interval_s
        summary.add(each)
        before = each
    assert math.isclose(sum(summary.cpu_s), total, abs_tol=1e-6)


def test_memory_has_a_first_a_last_and_a_peak_over_all_processes() -> None:
    summary = summed(
        sample(0, process(rss=5)), sample(1, process(rss=20), process(2, rss=20)), sample(2, process(rss=8))
    )
    assert (summary.first_rss_bytes, summary.last_rss_bytes, summary.peak_rss_bytes) == (5, 8, 40)


def test_a_peak_between_samples_is_known_by_the_systems_own_account_if_it_came_while_watched() -> None:
    before = summed(sample(0, process(rss=5, peak_rss_bytes=90)), sample(1, process(rss=6, peak_rss_bytes=90)))
    during = summed(sample(0, process(rss=5, peak_rss_bytes=5)), sample(1, process(rss=6, peak_rss_bytes=90)))
    assert (before.peak_rss_bytes, during.peak_rss_bytes) == (6, 90)


def test_the_shares_of_time_count_threads_in_state_r_and_no_more_than_there_are_cpus() -> None:
    running = [0, 1, 1, 3]
    samples = [
        sample(at, *(thread(tid, state="R" if tid <= count else "S") for tid in (1, 2, 3)))
        for at, count in enumerate(running)
    ]
    assert summed(*samples).parallelism.shares == {0: 0.25, 1: 0.5, 2: 0.25}
    assert summed(*samples, cpus=8).parallelism.shares == {0: 0.25, 1: 0.5, 2: 0, 3: 0.25}
    assert summed(*samples).parallelism.error == 0.5


def test_threads_that_take_turns_are_not_parallel_however_busy_all_are() -> None:
    turns = [
        sample(at, thread(1, cpu=at / 2, state="RS"[at % 2]), thread(2, cpu=at / 2, state="SR"[at % 2]))
        for at in range(9)
    ]
    assert summed(*turns).parallelism.shares == {0: 0, 1: 1}


def test_without_states_there_are_no_shares_and_no_error_of_them() -> None:
    parallelism = summed(sample(0, thread(state="?")), sample(1, thread(state="?"))).parallelism
    assert (parallelism.shares, parallelism.error) == ({}, None)


def test_memory_stays_constant_however_many_threads_and_processes_come_and_go() -> None:
    summary = Summary(2)
    for at in range(2000):
        summary.add(sample(at, process(at, cpu=at), thread(at, cpu=at)))
    kept = [value for value in vars(summary).values() if hasattr(value, "__len__")]
    assert max(map(len, kept)) <= 256
    assert (summary.threads_seen, summary.processes_seen) == (2000, 2000)
    assert [each.tid for each in summary.busiest(3)] == [1999, 1998, 1997]
    assert sum(summary.cpu_s) == sum(range(1, 2000))


def test_nothing_at_all_has_a_result_too() -> None:
    result = Summary(2).result()
    assert json.loads(json.dumps(result))["parallelism"] == {
        "cpu_per_s": 0,
        "running_share": {},
        "running_share_error": None,
    }
