"""BLAS kept to one thread a call, so that the threads of a job are its own and counted.

>>> with one_blas_thread() as how:
...     how in HOWS
True
"""

import contextlib
from collections.abc import Callable, Iterator
from functools import partial

from concli.arrays.blas import openblas_functions

__all__ = ["HOWS", "one_blas_thread", "stay_at_one_blas_thread"]

#: What ``one_blas_thread`` may yield: by what BLAS is kept to one thread, or why it is not.
HOWS = ("OpenBLAS", "threadpoolctl", "nothing to limit")


_limited: list[str] = []  # by what the blocks under way have done it


@contextlib.contextmanager
def one_blas_thread() -> Iterator[str]:
    """Within the block no call of BLAS uses more than its caller's thread, if it can be told so.

    The limit is the whole process's. The OpenBLAS that comes with numpy is told so itself, which takes no time; any
    other BLAS by threadpoolctl, which looks for it among all that is loaded.
    """
    how, undo = _limit()
    _limited.append(how)
    try:
        yield how
    finally:
        _limited.pop()
        undo()


def stay_at_one_blas_thread() -> None:
    """Limit this process for good, if it is not within the block above: for a worker, which does nothing else."""
    if not _limited:
        _limited.append(_limit()[0])


def _limit() -> tuple[str, Callable[[], object]]:
    """Limit it; return by what that was done, and what undoes it."""
    found = openblas_functions()
    if found is None:
        from threadpoolctl import threadpool_limits  # noqa: PLC0415 - to look at all that is loaded takes a while

        limited = threadpool_limits(limits=1, user_api="blas")
        return HOWS[1] if limited.get_original_num_threads().get("blas") else HOWS[2], limited.restore_original_limits
    before = found.threads()
    found.limit(1)
    return HOWS[0], partial(found.limit, before)
