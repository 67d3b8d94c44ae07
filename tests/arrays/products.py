"""Products with a run of their own."""

from typing import Any

import numpy as np
import numpy.typing as npt

from concli.arrays.crew import Crew, Worker
from concli.arrays.matmul import Job, matmul
from concli.metrics import Report, Run

__all__ = ["Array", "crew_of", "multiply", "random"]

Array = npt.NDArray[Any]


def multiply(**options: Any) -> tuple[Array, Report]:
    """Return the product and the report; every check has passed."""
    run = Run("matmul", {})
    product = matmul(Job(**({"threads": 2, "rounds": 20} | options)), run)
    report = run.snapshot()
    assert [check for check in report.checks if not check.passed] == []
    return np.empty((0, 0)) if product is None else product, report


def crew_of(workers: int, *programs: Any) -> Crew:
    """Have a crew go through these programs."""
    crew = Crew(workers, Run("test", {}))

    def program(worker: Worker) -> None:
        for one in programs:
            one(worker)

    crew.run(program)
    return crew


def random(rows: int, columns: int, seed: int = 0) -> Array:
    """Return a matrix with both signs."""
    return np.random.default_rng(seed).standard_normal((rows, columns))
