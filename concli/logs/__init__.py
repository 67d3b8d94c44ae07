"""Log processing: lines in, structured entries out, every line accounted for."""

from concli.logs.job import Job, Outcome, process

__all__ = ["Job", "Outcome", "process"]
