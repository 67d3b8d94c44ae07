"""A share of the entries, chosen by where they stand and nothing else."""

import hashlib
import os

import numpy as np
from numpy.typing import NDArray

from concli.logs.line_finder import Positions

__all__ = ["sample"]


def sample(lines: Positions, name: str, share: float, seed: int) -> NDArray[np.bool_]:
    """Tell which entries are in a sample, from their line numbers within the input with this name.

    Neither the order in which chunks are done, nor where they are cut, nor the folder of the input matters.
    """
    # SplitMix64 (Steele, Lea and Flood 2014) from a state of its own for each seed and input.
    place = f"{seed}:{os.path.basename(name)}".encode("utf-8", "surrogateescape")
    begin = np.frombuffer(hashlib.blake2b(place, digest_size=8).digest(), "<u8")
    mixed = lines.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + begin
    mixed ^= mixed >> np.uint64(30)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(27)
    mixed *= np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    chosen: NDArray[np.bool_] = (mixed >> np.uint64(11)).astype(float) < share * 2.0**53
    return chosen
