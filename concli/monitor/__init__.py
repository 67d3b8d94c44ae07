"""What the threads of running programs do: samples of them, what changes between two, and alerts on it."""

from concli.monitor.alerts import Alert, parse_alert
from concli.monitor.job import Now, Outcome, live, watch
from concli.monitor.rates import History, ProcessRate, Rates, ThreadRate, rates_between
from concli.monitor.record import Recorder, header_of, replay
from concli.monitor.sample import Counted, Counts, ProcessSample, Sample, ThreadSample
from concli.monitor.sampler import Sampler
from concli.monitor.summary import Summary
from concli.monitor.view import SORTS, select

__all__ = [
    "SORTS",
    "Alert",
    "Counted",
    "Counts",
    "History",
    "Now",
    "Outcome",
    "ProcessRate",
    "ProcessSample",
    "Rates",
    "Recorder",
    "Sample",
    "Sampler",
    "Summary",
    "ThreadRate",
    "ThreadSample",
    "header_of",
    "live",
    "parse_alert",
    "rates_between",
    "replay",
    "select",
    "watch",
]
