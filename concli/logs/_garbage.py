"""Keeping Python's garbage collector out of what makes many objects and no cycles."""

import contextlib
import gc
from collections.abc import Iterator

__all__ = ["no_collections"]


@contextlib.contextmanager
def no_collections() -> Iterator[None]:
    """Have no garbage collected meanwhile: a collection looks at all that has been made, a third of the time of a scan.

    Threads may do this at the same time: who finds it off leaves it so, and who turned it off turns it on.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
