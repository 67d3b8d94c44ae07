"""What a run measures of itself: recorders, frozen snapshots, the report."""

from concli.metrics.report import Check, Report, StageUsage, Verdict
from concli.metrics.run import Run, Stage
from concli.metrics.thread_monitor import ThreadMonitor, ThreadUsage
from concli.metrics.trace import Trace

__all__ = ["Check", "Report", "Run", "Stage", "StageUsage", "ThreadMonitor", "ThreadUsage", "Trace", "Verdict"]
