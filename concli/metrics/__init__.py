"""What a run measures of itself: recorders, frozen snapshots, the report."""

from concli.metrics.recorder import Recorder, Totals
from concli.metrics.report import Check, Report, StageUsage, Verdict
from concli.metrics.run import Run, Stage
from concli.metrics.thread_monitor import ProcessFigures, ThreadMonitor, ThreadUsage
from concli.metrics.trace import Trace

__all__ = [
    "Check",
    "ProcessFigures",
    "Recorder",
    "Report",
    "Run",
    "Stage",
    "StageUsage",
    "ThreadMonitor",
    "ThreadUsage",
    "Totals",
    "Trace",
    "Verdict",
]
