"""Rates: what has changed between two samples."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from concli.monitor import History, ProcessSample, ThreadSample, rates_between
from tests.monitor.figures import process, sample, thread

seconds = st.floats(0, 1e6)


def test_what_was_used_in_an_interval_is_a_share_of_one_cpu() -> None:
    before = sample(1, process(cpu=1), thread(cpu=1, system_s=2.0, run_wait_s=0.5, voluntary=10, involuntary=0))
    after = sample(3, process(cpu=4), thread(cpu=2, system_s=2.5, run_wait_s=1.5, voluntary=30, involuntary=4))
    rates = rates_between(before, after)
    (of_thread,), (of_process,) = rates.threads, rates.processes
    assert (rates.interval_s, of_process.cpu) == (2, 1.5)
    assert (of_thread.user, of_thread.system, of_thread.cpu, of_thread.run_wait) == (0.5, 0.25, 0.75, 0.5)
    assert (of_thread.voluntary_per_s, of_thread.involuntary_per_s, of_thread.switches_per_s) == (10, 2, 12)


def test_at_the_first_sample_nothing_has_happened_yet() -> None:
    rates = rates_between(None, sample(0, process(cpu=9, rss=100, read_bytes=7), thread(cpu=9, run_wait_s=3.0)))
    assert rates.interval_s == 0
    assert (rates.threads[0].cpu, rates.threads[0].run_wait, rates.threads[0].cpu_s) == (0, 0, 9)
    assert (rates.processes[0].cpu, rates.processes[0].rss_growth_per_s, rates.processes[0].read_per_s) == (0, 0, 0)


def test_who_began_in_between_used_all_of_it_in_the_interval() -> None:
    rates = rates_between(sample(0, process(1)), sample(2, process(1), process(2, cpu=1), thread(5, cpu=1)))
    assert rates.processes[1].cpu == rates.threads[0].cpu == 0.5


def test_another_thread_or_process_with_the_same_id_begins_anew() -> None:
    before = sample(0, process(1, cpu=10, started=1.0), thread(5, cpu=10))
    rates = rates_between(before, sample(1, process(1, cpu=11, started=2.0), thread(5, cpu=0.5)))
    assert rates.processes[0].cpu == 11
    assert rates.threads[0].cpu == 0.5


def test_what_is_not_told_has_no_rate() -> None:
    before = sample(0, process(read_bytes=5), thread(operations=5))
    rates = rates_between(before, sample(1, process(read_bytes=None), thread(errors=3)))
    assert rates.processes[0].read_per_s is rates.processes[0].written_per_s is None
    assert rates.threads[0].operations_per_s is None
    assert rates.threads[0].errors_per_s is None, "it has only now begun to tell: nobody knows since when they are"
    assert rates.threads[0].switches_per_s is None


@given(seconds, seconds, seconds, seconds, st.floats(0.001, 1e3))
def test_user_and_system_are_never_negative_and_add_up_to_what_was_used(
    user: float, system: float, more_user: float, more_system: float, interval: float
) -> None:
    before = ThreadSample(1, 1, "", "R", user, system)
    after = ThreadSample(1, 1, "", "R", more_user, more_system)
    (rate,) = rates_between(sample(0, before), sample(interval, after)).threads
    used = more_user + more_system - (user + system)
    assert min(rate.user, rate.system) >= 0
    assert math.isclose(rate.cpu * interval, used if used >= 0 else more_user + more_system, abs_tol=1e-9)


def test_memory_that_is_given_back_is_negative_growth() -> None:
    rates = rates_between(sample(0, process(rss=500)), sample(2, process(rss=100)))
    assert rates.processes[0].rss_growth_per_s == -200


def test_the_history_is_bounded_and_forgets_threads_that_are_gone() -> None:
    history = History(length=3)
    before = None
    for at in range(6):
        now = sample(at, process(cpu=at), thread(1, cpu=at / 2), *([thread(2)] if at < 4 else []))
        history.add(rates_between(before, now))
        before = now
    assert history.of(1, 1) == (0.5, 0.5, 0.5)
    assert history.of(1, 2) == ()
    assert history.total() == (1, 1, 1)


def test_no_interval_is_no_point_of_the_history() -> None:
    history = History()
    history.add(rates_between(None, sample(0, thread(1))))
    assert history.total() == history.of(1, 1) == ()


@pytest.mark.parametrize("kind", [ProcessSample, ThreadSample])
def test_a_sample_says_what_it_does_not_know(kind: type[ProcessSample | ThreadSample]) -> None:
    assert set(kind._field_defaults.values()) <= {None, 0.0}
