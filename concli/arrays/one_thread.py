"""BLAS kept to one thread a call, so that the threads of a job are its own and counted.

>>> with one_blas_thread() as how:
...     how in HOWS
True
"""

import contextlib
import importlib
from collections.abc import Iterator
from typing import Any

from concli.arrays.blas import openblas_functions

__all__ = ["HOWS", "one_blas_thread"]

#: What ``one_blas_thread`` may yield: by what BLAS is kept to one thread, or why it is not.
HOWS = ("threadpoolctl", "OpenBLAS", "nothing to limit")


@contextlib.contextmanager
def one_blas_thread() -> Iterator[str]:
    """Within the block no call of BLAS uses more than its caller's thread, if it can be told so.

    The limit is the whole process's. threadpoolctl knows all kinds of BLAS; without it, only the OpenBLAS that came
    with numpy is limited.
    """
    try:
        control: Any = importlib.import_module("threadpoolctl")
    except ImportError:
        control = None
    if control is not None:
        with control.threadpool_limits(limits=1, user_api="blas") as limited:
            yield HOWS[0] if limited.get_original_num_threads().get("blas") else HOWS[2]
        return
    found = openblas_functions()
    if found is None:
        yield HOWS[2]
        return
    before = found.threads()
    found.limit(1)
    try:
        yield HOWS[1]
    finally:
        found.limit(before)
