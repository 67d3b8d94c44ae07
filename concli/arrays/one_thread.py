"""BLAS kept to one thread a call, so that the threads of a job are its own and counted.

>>> with one_blas_thread() as how:
...     how in HOWS
True
"""

import contextlib
from collections.abc import Iterator

from concli.arrays.blas import openblas_functions

__all__ = ["HOWS", "one_blas_thread"]

#: What ``one_blas_thread`` may yield: by what BLAS is kept to one thread, or why it is not.
HOWS = ("OpenBLAS", "threadpoolctl", "nothing to limit")


@contextlib.contextmanager
def one_blas_thread() -> Iterator[str]:
    """Within the block no call of BLAS uses more than its caller's thread, if it can be told so.

    The limit is the whole process's. The OpenBLAS that comes with numpy is told so itself, which takes no time; any
    other BLAS by threadpoolctl, which looks for it among all that is loaded.
    """
    found = openblas_functions()
    if found is None:
        from threadpoolctl import threadpool_limits  # noqa: PLC0415 - to look at all that is loaded takes a while

        with threadpool_limits(limits=1, user_api="blas") as limited:
            yield HOWS[1] if limited.get_original_num_threads().get("blas") else HOWS[2]
        return
    before = found.threads()
    found.limit(1)
    try:
        yield HOWS[0]
    finally:
        found.limit(before)
