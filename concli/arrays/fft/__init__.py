"""A stream of array chunks transformed by many threads: source, transformers, collector."""

from concli.arrays.fft.collect import Failure
from concli.arrays.fft.job import Job, Outcome, transform
from concli.arrays.fft.operations import NAMES, Operation, operations

__all__ = ["NAMES", "Failure", "Job", "Operation", "Outcome", "operations", "transform"]
