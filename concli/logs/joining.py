"""Entries of several lines, for the base format's own scanner, to which a line is an entry.

The line feeds inside an entry are changed in place to a byte that is not in the text, so that all of it is one
line; whoever writes the entry changes it back, or to what a line feed is written as.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from concli.logs.entries import Folded
from concli.logs.line_finder import Positions
from concli.logs.scanner import Lines

__all__ = ["Joined", "join"]

_LF = ord("\n")
# Control characters that a log is least likely to hold.
_CANDIDATES = [bytes([c]) for c in (0x1F, 0x1E, 0x1D, 0x1C, 0x1A, 0x19, 0x18, 0x17, 0x16, 0x15)]


class Joined(NamedTuple):
    """Lines, of which those of an entry are one, and where in the text the line feeds inside entries were."""

    lines: Lines
    feeds: Positions

    def put_back(self) -> None:
        """Have the line feeds be line feeds again."""
        np.frombuffer(self.lines.buffer, np.uint8)[self.feeds] = _LF


def join(lines: Lines, folded: Folded) -> Joined | None:
    """Join the lines of each entry; None if there is no byte that could stand for a line feed."""
    feed = next((byte for byte in _CANDIDATES if byte not in lines.buffer), None)
    if feed is None:
        return None
    goes_on = np.zeros(len(lines.ends), bool)  # lines that are not the last of their entry
    for first, last in zip(*_of_several(folded), strict=True):
        goes_on[first:last] = True
    feeds = lines.ends[goes_on]
    np.frombuffer(lines.buffer, np.uint8)[feeds] = feed[0]
    begins: NDArray[np.bool_] = np.append(True, ~goes_on[:-1])
    joined = lines._replace(
        starts=lines.starts[begins], ends=lines.ends[~goes_on], levels=lines.levels[begins], feed=feed
    )
    return Joined(joined, feeds)


def _of_several(folded: Folded) -> tuple[list[int], list[int]]:
    several = folded.firsts != folded.lasts
    return folded.firsts[several].tolist(), folded.lasts[several].tolist()
