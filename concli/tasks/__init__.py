"""Tasks through a chain of processors: the items, the stages, the job."""

from concli.tasks.collect import Failure
from concli.tasks.items import Items
from concli.tasks.job import Job, Outcome, do_tasks, planned

__all__ = ["Failure", "Items", "Job", "Outcome", "do_tasks", "planned"]
