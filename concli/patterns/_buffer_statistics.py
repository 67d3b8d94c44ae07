"""What every buffer tells of itself."""

from typing import NamedTuple

__all__ = ["BufferStatistics"]


class BufferStatistics(NamedTuple):
    """A frozen snapshot of a buffer.

    ``capacity``, ``size`` and ``peak`` are in the buffer's unit: items, or what its sizer returns.
    ``mean`` is the mean of the sizes that the gets found. The seconds are summed over all threads
    on a side, waits still going on included.
    """

    capacity: int
    depth: int
    size: int
    peak: int
    mean: float
    puts: int
    gets: int
    put_waits: int
    get_waits: int
    put_wait_s: float
    get_wait_s: float
