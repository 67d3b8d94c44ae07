"""A trace of a run in Chrome's trace event format, for Perfetto or about:tracing.

Source: "Trace Event Format", the JSON object format with complete events ("X") and counters ("C").
"""

import json
import os
import time
from collections.abc import Mapping

from concli.patterns import ThreadLocal, _sync

__all__ = ["Trace"]

# Events a thread may record; a run that has more is traced from its start, and says so.
_EVENTS_PER_THREAD = 200_000


class _Lane:
    """The events of one thread: name, start and length in seconds; a counter has values and no length."""

    def __init__(self) -> None:
        thread = _sync.current_thread()
        self.name = thread.name
        self.native_id = thread.native_id or 0
        self.spans: list[tuple[str, float, float]] = []
        self.counts: list[tuple[str, float, Mapping[str, int]]] = []
        self.dropped = 0


class Trace:
    """Collects what threads did when. Each thread writes to a lane of its own without a lock."""

    def __init__(self) -> None:
        self._began = time.perf_counter()
        self._lanes = ThreadLocal(_Lane)

    def span(self, name: str, seconds: float) -> None:
        """Record that the calling thread has just worked ``seconds`` on ``name``."""
        lane = self._lanes.get()
        if len(lane.spans) < _EVENTS_PER_THREAD:
            lane.spans.append((name, time.perf_counter() - seconds, seconds))
        else:
            lane.dropped += 1

    def count(self, name: str, values: Mapping[str, int]) -> None:
        """Record the present values of a counter, the depth of a queue say."""
        lane = self._lanes.get()
        if len(lane.counts) < _EVENTS_PER_THREAD:
            lane.counts.append((name, time.perf_counter(), values))
        else:
            lane.dropped += 1

    def to_json(self) -> str:
        """Return the trace as one JSON document."""
        events: list[dict[str, object]] = []
        lanes = self._lanes.values()
        for lane in lanes:
            where = {"pid": os.getpid(), "tid": lane.native_id}
            events.append({"ph": "M", "name": "thread_name", **where, "args": {"name": lane.name}})
            events += [
                {"ph": "X", "name": name, **where, "ts": self._us(start), "dur": round(seconds * 1e6, 3)}
                for name, start, seconds in lane.spans
            ]
            events += [
                {"ph": "C", "name": name, **where, "ts": self._us(when), "args": dict(values)}
                for name, when, values in lane.counts
            ]
        dropped = sum(lane.dropped for lane in lanes)
        return json.dumps({"traceEvents": events, "otherData": {"events_dropped": dropped}})

    def _us(self, when: float) -> float:
        return round((when - self._began) * 1e6, 3)
