"""The first entries alone, wherever the chunks end."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["Head", "first_of"]


def first_of(keep: NDArray[np.bool_], count: int) -> NDArray[np.bool_]:
    """Return ``keep`` with no more than its first ``count`` left.

    >>> first_of(np.array([True, False, True, True]), 2).tolist()
    [True, False, True, False]
    """
    kept = np.flatnonzero(keep)
    if len(kept) <= count:
        return keep
    cut = keep.copy()
    cut[kept[count] :] = False
    return cut


class Head:
    """Says, for one chunk after the other in their order, how many entries may still be written.

    A parser can do no better than ``first_of`` a chunk; of the chunk in which the last entry stands fewer may be
    left to write than it kept, and that one is rendered again by the writer. For one thread to call; ``is_reached``
    may be read by any.
    """

    def __init__(self, count: int | None) -> None:
        self._left = count

    @property
    def is_reached(self) -> bool:
        """Whether nothing more is to be written, so that there is no use in reading on."""
        return self._left == 0

    def allow(self, kept: int) -> int:
        """Return how many of the next ``kept`` entries are to be written, and count them."""
        if self._left is None:
            return kept
        allowed = min(kept, self._left)
        self._left -= allowed
        return allowed
