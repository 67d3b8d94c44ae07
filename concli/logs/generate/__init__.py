"""Logs as programs write them, made up: of any built-in format, by a seed, with the truth about them."""

from concli.logs.generate.job import Job, generate
from concli.logs.generate.log import NAMES, Choice, Log

__all__ = ["NAMES", "Choice", "Job", "Log", "generate"]
