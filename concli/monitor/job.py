"""The job: samples in, from a process or a recording; rates, a summary, alerts and a recording out."""

import contextlib
import math
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import NamedTuple

from concli.metrics import Run
from concli.metrics.host import usable_cpus
from concli.monitor._ending import set_at_end_of
from concli.monitor.alerts import Alert, Verdict, Watch
from concli.monitor.rates import History, Rates, rates_between
from concli.monitor.record import Recorder
from concli.monitor.sample import Sample
from concli.monitor.sampler import Sampler
from concli.monitor.summary import Summary
from concli.patterns import _sync

__all__ = ["Now", "Outcome", "live", "watch"]


class Now(NamedTuple):
    """What there is to show after a sample. ``raised`` are the alerts that have just gone off for the first time."""

    sample: Sample
    rates: Rates
    history: History
    summary: Summary
    raised: tuple[Alert, ...]


class Outcome(NamedTuple):
    """How it went: the summary, and how each alert came out."""

    summary: Summary
    verdicts: tuple[Verdict, ...]


def live(
    sampler: Sampler, *, interval_s: float = 1.0, duration_s: float | None = None, stop: _sync.Event | None = None
) -> Generator[Sample]:
    """Yield a sample every ``interval_s``, until the process has ended, for ``duration_s`` or until ``stop`` is set.

    The moments are multiples of the interval after the first, however long a sample takes; one that is missed is left
    out. The last is taken at the end, whenever that is. Closes the sampler.
    """
    stop = _sync.Event() if stop is None else stop
    with sampler, set_at_end_of(sampler.pid, stop):
        began = now = _sync.monotonic()
        end = math.inf if duration_s is None else began + duration_s
        while True:
            is_last = stop.is_set() or now >= end
            yield sampler.sample()
            if is_last or sampler.has_ended:
                return
            now = _sync.monotonic()
            due = min(end, began + interval_s * (math.floor((now - began) / interval_s) + 1))
            while now < due and not stop.wait(min(due - now, _sync.TIMEOUT_MAX)):
                now = _sync.monotonic()


def watch(
    samples: Generator[Sample],
    run: Run,
    *,
    alerts: Sequence[Alert] = (),
    record: str | None = None,
    about: Mapping[str, object] | None = None,
    cpus: int | None = None,
    busiest: int = 10,
    on_sample: Callable[[Now], object] = lambda _: None,
) -> Outcome:
    """Take in all ``samples``, of ``live`` or ``replay``; tell ``on_sample`` after each, in the calling thread.

    ``record`` is a file to write them to, ``about`` what its first line says beside the schema and ``cpus``. The run's
    result is the summary with the ``busiest`` threads, its checks are the alerts, also when it is interrupted: then
    what was recorded is kept. ``cpus`` are those that the watched may use, if not those that this process may; of a
    recording, those that its header names.

    Raises ``OutputError``, and what ``samples`` raises.
    """
    cpus = cpus or usable_cpus()
    summary = Summary(cpus)
    watches = [Watch(alert) for alert in alerts]
    history = History()
    mutex = _sync.Lock()  # guards the summary: the live table reads it from another thread

    def result() -> Mapping[str, object]:
        with mutex:
            return summary.result(busiest)

    run.result = result
    run.totals = lambda: {"samples": summary.samples}
    before: Sample | None = None
    try:
        with contextlib.closing(samples), _recording(record, {"cpus": cpus, **(about or {})}) as recorder:
            for sample in samples:
                if recorder is not None:
                    recorder.add(sample)
                rates = rates_between(before, sample)
                with mutex:
                    summary.add(sample)
                history.add(rates)
                raised = tuple(each.alert for each in watches if each.add(sample, rates))
                on_sample(Now(sample, rates, history, summary, raised))
                before = sample
    finally:
        run.end()
        verdicts = tuple(each.verdict() for each in watches)
        for verdict in verdicts:
            run.check(*verdict.check())
    return Outcome(summary, verdicts)


@contextlib.contextmanager
def _recording(path: str | None, about: Mapping[str, object]) -> Generator[Recorder | None]:
    """Record for as long as the block runs. What there is is kept when it is interrupted, but not when it fails."""
    if path is None:
        yield None
        return
    recorder = Recorder(path, about)
    try:
        yield recorder
    except Exception:
        recorder.abort()
        raise
    except BaseException:
        recorder.commit()
        raise
    recorder.commit()
