"""``ShutDown``, the one way in which concli's buffers and channels say that they have ended."""

import queue
import sys

if sys.version_info >= (3, 13):
    ShutDown = queue.ShutDown
else:

    class ShutDown(Exception):  # noqa: N818 - the standard library's name
        """Raised when put/get is called on something that has been shut down."""
