"""Limits that a program should stay within while it is watched, as they are written on a command line.

>>> alert = parse_alert("rss > 500MiB")
>>> alert.metric, alert.operator, alert.limit
('rss', '>', 524288000.0)
>>> parse_alert("memory > 1GiB")  # doctest: +ELLIPSIS
Traceback (most recent call last):
    ...
concli.errors.UsageError: --fail-if 'memory > 1GiB': there is no 'memory'; known are rss, rss_growth, cpu, ...
"""

import operator
import re
from collections.abc import Callable
from typing import NamedTuple

from concli.errors import UsageError
from concli.metrics import Check
from concli.monitor.rates import Rates, total
from concli.monitor.sample import Sample
from concli.quantities import parse_bytes

__all__ = ["METRICS", "Alert", "Metric", "Verdict", "Watch", "parse_alert", "shown"]

_ALERT = re.compile(r"\s*(\w+)\s*(>=|<=|>|<)\s*(\d+(?:\.\d*)?|\.\d+)\s*(%|[kmg]?(?:i?b)?)\s*(/\s*s)?\s*", re.IGNORECASE)
_OPERATORS = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}


class Metric(NamedTuple):
    """A figure that can be limited: what it is, its ``unit`` (bytes, share or number), and how it is got."""

    text: str
    unit: str
    is_rate: bool
    value: Callable[[Sample, Rates], float | None]


#: All there are; None is what the system does not tell. Those of an interval are not judged at the first sample.
METRICS = {
    "rss": Metric("memory held", "bytes", False, lambda at, _: sum(each.rss_bytes for each in at.processes)),
    "rss_growth": Metric(
        "its growth", "bytes", True, lambda _, by: sum(each.rss_growth_per_s for each in by.processes)
    ),
    "cpu": Metric("share of one CPU", "share", True, lambda _, by: sum(each.cpu for each in by.processes)),
    "thread_cpu": Metric(
        "that of any thread", "share", True, lambda _, by: max((t.cpu for t in by.threads), default=0.0)
    ),
    "run_wait": Metric(
        "share of the time any thread waits for a CPU",
        "share",
        True,
        lambda _, by: max((each.run_wait for each in by.threads if each.run_wait is not None), default=None),
    ),
    "threads": Metric("threads", "number", False, lambda at, _: sum(each.threads for each in at.processes)),
    "processes": Metric("processes", "number", False, lambda at, _: len(at.processes)),
    "open_files": Metric("open files", "number", False, lambda at, _: total(each.open_files for each in at.processes)),
    "read_rate": Metric("bytes read", "bytes", True, lambda _, by: total(each.read_per_s for each in by.processes)),
    "write_rate": Metric(
        "bytes written", "bytes", True, lambda _, by: total(each.written_per_s for each in by.processes)
    ),
    "switches": Metric("switches", "number", True, lambda _, by: total(each.switches_per_s for each in by.threads)),
    "operations": Metric(
        "operations", "number", True, lambda _, by: total(each.operations_per_s for each in by.threads)
    ),
    "errors": Metric("errors", "number", True, lambda _, by: total(each.errors_per_s for each in by.threads)),
}


class Alert(NamedTuple):
    """A limit, and how it was written."""

    text: str
    metric: str
    operator: str
    limit: float

    def is_beyond(self, value: float) -> bool:
        """Return whether this is what should not be."""
        return bool(_OPERATORS[self.operator](value, self.limit))


class Verdict(NamedTuple):
    """How it went with an alert. ``worst`` is the value nearest to the limit or farthest beyond it.

    ``first_s`` and ``first_wall`` say when the limit was first passed; ``judged`` at how many samples there was a
    value. With none it has not held: nobody knows.
    """

    alert: Alert
    failed: bool
    first_s: float | None
    first_wall: str | None
    worst: float | None
    judged: int

    def check(self) -> Check:
        """Return it as the run report has it."""
        if self.worst is None:
            return Check(f"fail if {self.alert.text}", False, f"nothing told {self.alert.metric} while it was watched")
        detail = f"{'most' if self.alert.operator.startswith('>') else 'least'} {shown(self.alert.metric, self.worst)}"
        if self.failed:
            detail += f", first after {self.first_s:.1f} s ({self.first_wall})"
        return Check(f"fail if {self.alert.text}", not self.failed, detail)


class Watch:
    """Holds each sample against an alert."""

    def __init__(self, alert: Alert) -> None:
        self.alert = alert
        self._first: Sample | None = None
        self._worst: float | None = None
        self._judged = 0

    def add(self, sample: Sample, rates: Rates) -> bool:
        """Judge one sample; True if it is the first that is beyond the limit."""
        metric = METRICS[self.alert.metric]
        if not sample.processes or (metric.is_rate and not rates.interval_s):
            return False
        value = metric.value(sample, rates)
        if value is None:
            return False
        self._judged += 1
        worse = max if self.alert.operator.startswith(">") else min
        self._worst = value if self._worst is None else worse(self._worst, value)
        if self._first is not None or not self.alert.is_beyond(value):
            return False
        self._first = sample
        return True

    def verdict(self) -> Verdict:
        """Return how it has gone so far."""
        first = self._first
        return Verdict(
            self.alert,
            first is not None,
            first.time_s if first else None,
            first.wall if first else None,
            self._worst,
            self._judged,
        )


def parse_alert(text: str) -> Alert:
    """Read ``METRIC > NUMBER[UNIT]``; the operator may be ``>=``, ``<`` or ``<=`` as well. Raises ``UsageError``.

    Units are KiB, MiB and GiB (k, M, G for short) for bytes, with or without ``/s`` for rates, and ``%`` for shares,
    which may also be written as numbers: 150% is 1.5.
    """
    where = f"--fail-if {text.strip()!r}"
    match = _ALERT.fullmatch(text)
    if match is None:
        raise UsageError(f"{where}: write it as 'rss > 500MiB', 'threads > 64' or 'cpu > 150%'")
    name, sign, number, unit, per = match.groups()
    metric = METRICS.get(name)
    if metric is None:
        raise UsageError(f"{where}: there is no {name!r}; known are {', '.join(METRICS)}")
    if per and (not metric.is_rate or metric.unit == "share"):
        raise UsageError(f"{where}: {name} is not counted a second; leave out '/s'")
    return Alert(text.strip(), name, sign, float(number) * _factor(where, name, metric.unit, unit))


def _factor(where: str, name: str, wanted: str, unit: str) -> float:
    if not unit:
        return 1.0
    if unit == "%" and wanted == "share":
        return 0.01
    if unit != "%" and wanted == "bytes":
        return float(parse_bytes(f"1{unit}"))
    hint = {"bytes": "bytes, as 500MiB", "share": "a share of one CPU, as 150%", "number": "a number without a unit"}
    raise UsageError(f"{where}: {name} is {hint[wanted]}")


def shown(metric: str, value: float) -> str:
    """Return a value of a metric as it is read best."""
    unit, per = METRICS[metric].unit, "/s" if METRICS[metric].is_rate else ""
    if unit == "share":
        return f"{value:.0%}"
    if unit == "number":
        return f"{value:,.0f}{per}"
    for name, size in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if abs(value) >= size:
            return f"{value / size:.1f}{name}{per}"
    return f"{value:.0f}B{per}"
