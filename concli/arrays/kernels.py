"""Which of OpenBLAS's kernels this CPU could run, to have it start with the fastest.

OpenBLAS knows processors by their numbers, and gives one it does not know the kernels of an older one: half the speed
where AVX-512 lies idle. The variable ``OPENBLAS_CORETYPE`` overrules it, if it is set before numpy loads. Here the
CPU's flags decide, as the system tells them: it names AVX-512 only where it also keeps its registers.

>>> better_kernel("Haswell", frozenset(AVX512))
'SkylakeX'
>>> better_kernel("Zen", frozenset({"avx2"})) is None
True
"""

import os
import sys
from collections.abc import MutableMapping
from typing import NamedTuple

__all__ = ["AVX512", "Choice", "better_kernel", "cpu_flags", "prefer_best_kernel"]

#: What OpenBLAS's kernels for AVX-512 use.
AVX512 = ("avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl")
#: Kernels, in small letters, that use no AVX-512.
_WITHOUT_AVX512 = {"prescott", "core2", "nehalem", "sandybridge", "haswell", "bulldozer", "piledriver", "steamroller"}
_WITHOUT_AVX512 |= {"excavator", "zen", "barcelona", "bobcat", "atom", "penryn", "dunnington", "katmai"}
_VARIABLE = "OPENBLAS_CORETYPE"


class Choice(NamedTuple):
    """Which kernels were asked for before numpy loaded, None if none, and why."""

    kernel: str | None
    why: str


def cpu_flags() -> frozenset[str]:
    """Return what the CPU can do, by the system's names; nothing where they can't be read."""
    return frozenset(_line("flags").split())


def better_kernel(chosen: str | None, flags: frozenset[str]) -> str | None:
    """Return the kernels that are faster on such a CPU than those OpenBLAS chose; None if it chose well."""
    if chosen is None or chosen.lower() not in _WITHOUT_AVX512 or not flags.issuperset(AVX512):
        return None
    return "SkylakeX"


def prefer_best_kernel(environ: MutableMapping[str, str] | None = None) -> Choice:
    """Have numpy's OpenBLAS start with the best kernels, where it is likely not to do so by itself.

    It must be called before numpy is loaded; it never goes against a setting of the user's. Intel's processors are
    left to OpenBLAS, which asks them for AVX-512 whatever their number.
    """
    environ = os.environ if environ is None else environ
    if environ.get(_VARIABLE):
        return Choice(environ[_VARIABLE], f"{_VARIABLE} is set by the user")
    if "numpy" in sys.modules:
        return Choice(None, "numpy had been loaded before")
    if not cpu_flags().issuperset(AVX512):
        return Choice(None, "OpenBLAS's own choice: the CPU has no AVX-512, or the system does not tell")
    if _line("vendor_id") == "GenuineIntel":
        return Choice(None, "OpenBLAS's own choice: it asks Intel's CPUs for AVX-512")
    environ[_VARIABLE] = "SKYLAKEX"
    return Choice("SKYLAKEX", "the CPU has AVX-512, and OpenBLAS does not know all that do")


def _line(key: str) -> str:
    """Return what the kernel says of the first CPU."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            return next((line.partition(":")[2].strip() for line in file if line.partition(":")[0].strip() == key), "")
    except OSError:
        return ""
