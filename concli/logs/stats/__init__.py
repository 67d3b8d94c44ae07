"""What is in a log: levels, times, templates of messages, values; and what differs from another."""

from concli.logs.stats.collector import Collector
from concli.logs.stats.job import Job, Outcome, stats
from concli.logs.stats.summary import Summary

__all__ = ["Collector", "Job", "Outcome", "Summary", "stats"]
