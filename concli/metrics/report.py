"""The run report, ``concli.report/1``: one frozen snapshot, for the table, the file and the exit code."""

import json
from collections.abc import Mapping
from typing import NamedTuple

from concli.metrics.host import Host
from concli.metrics.thread_monitor import ThreadUsage

__all__ = ["Check", "ProcessUsage", "QueueUsage", "Report", "StageUsage", "Verdict"]


class QueueUsage(NamedTuple):
    """The buffer before a stage; in the buffer's unit (``unit``: items or bytes)."""

    capacity: int
    peak: int
    mean: float
    size: int
    unit: str


class StageUsage(NamedTuple):
    """A stage of a job. Seconds are summed over its workers.

    ``busy_s`` is work, ``starved_s`` waiting for input, ``blocked_s`` waiting for room in the output.
    """

    name: str
    workers: int
    items_in: int
    items_out: int
    bytes_in: int
    bytes_out: int
    errors: int
    busy_s: float
    starved_s: float
    blocked_s: float
    p50_ms: float | None
    p99_ms: float | None
    queue: QueueUsage | None


class ProcessUsage(NamedTuple):
    """What the whole process has used; memory is shared by all threads."""

    cpu_s: float
    peak_rss_bytes: int


class Verdict(NamedTuple):
    """The stage that limits the rate, and how that shows."""

    stage: str
    why: str


class Check(NamedTuple):
    """An invariant that was checked in this run."""

    name: str
    passed: bool
    detail: str


class Report(NamedTuple):
    """A run, at its end or on the way there. Field by field what the JSON document holds."""

    command: str
    version: str
    started: str
    elapsed_s: float
    host: Host
    config: Mapping[str, object]
    totals: Mapping[str, int]
    stages: tuple[StageUsage, ...]
    threads: tuple[ThreadUsage, ...]
    process: ProcessUsage
    bottleneck: Verdict | None
    checks: tuple[Check, ...]
    result: Mapping[str, object]
    engine: Mapping[str, object] | None = None

    def to_json(self) -> str:
        """Return the report as one JSON document."""
        return json.dumps(_plain({"schema": "concli.report/1"} | self._asdict()), indent=2)


def _plain(value: object) -> object:
    """Make dicts and lists of what JSON does not know, and cut floats to microseconds, below 1 to six digits."""
    if isinstance(value, float):
        return round(value, 6) if abs(value) >= 1 else float(f"{value:.6g}")
    if hasattr(value, "_asdict"):
        value = value._asdict()
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
