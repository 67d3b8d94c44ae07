"""The job: the moments of the samples, what is made of them, and every way it may end."""

import os
import threading
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any, Self

import pytest

from concli.errors import InputError, OutputError
from concli.metrics import Run
from concli.monitor import Now, Sample, Sampler, header_of, live, parse_alert, replay, watch
from concli.patterns import _sync
from tests.monitor.figures import process, sample, thread
from tests.monitor.programs import WAITS, line_of, running, tell

PATIENCE_S = 20
SAMPLES = [sample(at, process(cpu=at / 2, rss=100 * at), thread(cpu=at / 2)) for at in range(4)]


def run_of(samples: list[Sample]) -> Generator[Sample]:
    yield from samples


class Clock:
    """A clock that goes forward by what is waited for and by what a sample takes; also the event waited for."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, takes: Iterator[float]) -> None:
        self.now, self.pid, self.has_ended = 1000.0, os.getpid(), False
        self._takes = takes
        monkeypatch.setattr(_sync, "monotonic", lambda: self.now)

    def is_set(self) -> bool:
        return False

    def wait(self, timeout: float) -> bool:
        self.now += timeout
        return False

    def sample(self) -> Sample:
        found = sample(self.now - 1000)
        self.now += next(self._takes)
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.has_ended = True


@pytest.mark.parametrize(
    ("takes", "moments"),
    [
        ([0.0] * 9, [0, 0.5, 1, 1.5, 2, 2.25]),
        ([0.125] * 9, [0, 0.5, 1, 1.5, 2, 2.25]),
        ([0.0, 1.125, 0.0, 0.0, 0.0], [0, 0.5, 2, 2.25]),
        ([4.0, 0.0], [0, 4]),
    ],
    ids=["at once", "no drift", "one missed", "too late"],
)
def test_the_moments_are_multiples_of_the_interval_and_the_last_is_at_the_end(
    monkeypatch: pytest.MonkeyPatch, takes: list[float], moments: list[float]
) -> None:
    clock: Any = Clock(monkeypatch, iter(takes))
    found = live(clock, interval_s=0.5, duration_s=2.25, stop=clock)
    assert [each.time_s for each in found] == moments
    assert clock.has_ended, "the sampler was not closed"


def test_it_ends_at_once_when_it_is_told_to_and_takes_a_last_sample() -> None:
    stop = threading.Event()
    found = live(Sampler(os.getpid(), children=False), interval_s=3600, stop=stop)
    next(found)
    stop.set()
    assert len(list(found)) == 1


def test_it_ends_at_once_when_the_process_does() -> None:
    with running(WAITS) as program:
        line_of(program)
        found = live(Sampler(program.pid), interval_s=3600)
        assert [each.pid for each in next(found).processes] == [program.pid]
        tell(program)
        (last,) = found
        assert (last.processes, last.gone) == ((), (program.pid,))


def test_rates_history_and_summary_are_given_after_each_sample() -> None:
    seen: list[tuple[float, tuple[float, ...], int]] = []

    def show(now: Now) -> None:
        seen.append((now.rates.processes[0].cpu, now.history.of(1, 1), now.summary.samples))

    run = Run("monitor", {})
    outcome = watch(run_of(SAMPLES), run, cpus=2, on_sample=show)
    assert seen == [(0, (), 1), (0.5, (0.5,), 2), (0.5, (0.5, 0.5), 3), (0.5, (0.5, 0.5, 0.5), 4)]
    report = run.snapshot()
    assert report.totals == {"samples": 4}
    assert report.result["cpu_s"] == sum(outcome.summary.cpu_s) == 1.5


def test_alerts_become_checks_and_are_told_of_when_they_go_off_and_not_again() -> None:
    raised: list[tuple[float, str]] = []
    run = Run("monitor", {})
    alerts = [parse_alert("rss > 150"), parse_alert("threads > 64")]
    outcome = watch(
        run_of(SAMPLES),
        run,
        alerts=alerts,
        on_sample=lambda now: raised.extend((now.sample.time_s, alert.text) for alert in now.raised),
    )
    assert raised == [(2, "rss > 150")]
    assert [(check.name, check.passed) for check in run.snapshot().checks] == [
        ("fail if rss > 150", False),
        ("fail if threads > 64", True),
    ]
    assert [(verdict.failed, verdict.worst) for verdict in outcome.verdicts] == [(True, 300), (False, 1)]


def test_a_recording_replayed_gives_the_same_summary(tmp_path: Path) -> None:
    path = str(tmp_path / "run.jsonl")
    enough = threading.Event()

    def count(now: Now) -> None:
        if now.summary.samples == 4:
            enough.set()

    with running(WAITS) as program:
        line_of(program)
        found = live(Sampler(program.pid), interval_s=0.001, stop=enough)
        first = watch(found, Run("monitor", {}), record=path, about={"pid": program.pid}, cpus=2, on_sample=count)
    assert (header_of(path)["cpus"], header_of(path)["pid"]) == (2, program.pid)
    again = watch(replay(path), Run("monitor", {}), cpus=2)
    assert first.summary.samples == 5
    assert again.summary.result() == first.summary.result()


def test_an_interrupt_keeps_what_was_recorded_and_the_checks(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    run = Run("monitor", {})

    def interrupt(now: Now) -> None:
        if now.sample is SAMPLES[1]:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        watch(run_of(SAMPLES), run, record=str(path), alerts=[parse_alert("rss > 1")], on_sample=interrupt)
    assert list(replay(str(path))) == SAMPLES[:2]
    assert [check.passed for check in run.snapshot().checks] == [False]
    assert run.snapshot().result["samples"] == 2


def test_an_interrupt_between_two_samples_of_a_process_ends_all_threads() -> None:
    def interrupt(_now: Now) -> None:
        raise KeyboardInterrupt

    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        watch(live(Sampler(os.getpid(), children=False)), Run("monitor", {}), on_sample=interrupt)
    assert threading.active_count() == before


def test_a_failure_reaches_the_caller_and_leaves_what_stood_there_before(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    path.write_text("before")
    damaged = tmp_path / "damaged"
    damaged.write_text("{}\n")
    with pytest.raises(InputError, match="damaged:1"):
        watch(replay(str(damaged)), Run("monitor", {}), record=str(path))
    assert path.read_text() == "before"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["damaged", "run.jsonl"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no disk that is always full")
def test_a_full_disk_ends_it_and_closes_the_samples() -> None:
    is_closed = []

    def samples() -> Generator[Sample]:
        try:
            yield from SAMPLES
        finally:
            is_closed.append(True)

    found = samples()
    next(found)
    with pytest.raises(OutputError, match="no space"):
        watch(found, Run("monitor", {}), record="/dev/full")
    assert is_closed == [True]
