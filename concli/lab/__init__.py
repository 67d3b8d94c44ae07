"""A lab for the patterns: a workload one describes, watched, checked and compared with the alternatives.

A pattern's lab is one file here (``bounded_buffer``, say) with a ``Subject`` and a function that returns
an ``Experiment``; ``run_lab`` does the rest.
"""

from concli.lab.experiment import Contender, Experiment, Subject, Workload
from concli.lab.job import run_lab
from concli.lab.load import Load
from concli.lab.work import NO_WORK, Work, parse_work
from concli.lab.worker import InjectedError, Role, Worker

__all__ = [
    "NO_WORK",
    "Contender",
    "Experiment",
    "InjectedError",
    "Load",
    "Role",
    "Subject",
    "Work",
    "Worker",
    "Workload",
    "parse_work",
    "run_lab",
]
