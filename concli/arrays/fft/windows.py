"""Windows: what fades a chunk out towards its edges, so that its spectrum is not that of the jump there.

All are symmetric, as numpy's functions of these names.

>>> window("hann", 3).tolist()
[0.0, 1.0, 0.0]
"""

import numpy as np
import numpy.typing as npt

__all__ = ["WINDOWS", "window"]

_MAKERS = {"hann": np.hanning, "hamming": np.hamming, "blackman": np.blackman, "bartlett": np.bartlett}

#: Their names; ``none`` leaves a chunk as it is.
WINDOWS = ("none", *_MAKERS)


def window(name: str, length: int) -> npt.NDArray[np.float64]:
    """Return the window's factors for one axis. Raises ``KeyError`` for a name that is none."""
    return np.asarray(_MAKERS[name](length), np.float64)
