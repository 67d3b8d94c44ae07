"""Which BLAS numpy multiplies matrices with: its name, the kernels it chose for this CPU, its threads.

A product of matrices is as fast as these three. What can't be found out is None; nothing here fails.

>>> found = blas()
>>> found._fields
('name', 'version', 'kernel', 'threads', 'library', 'numpy', 'simd', 'better')
"""

import ctypes
import glob
import os
from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any, NamedTuple

from concli.arrays.kernels import better_kernel, cpu_flags

__all__ = ["Blas", "OpenBlas", "blas", "openblas_functions"]


class Blas(NamedTuple):
    """A frozen snapshot; ``threads`` is what one product may use now, ``simd`` what numpy's own loops may.

    ``better`` names the kernels that would be faster on this CPU than ``kernel``, if there are any: ``concli matmul``
    starts with those.
    """

    name: str | None
    version: str | None
    kernel: str | None
    threads: int | None
    library: str | None
    numpy: str | None
    simd: tuple[str, ...] | None
    better: str | None = None


class OpenBlas(NamedTuple):
    """What the OpenBLAS that came with numpy is asked and told."""

    library: str
    kernel: Callable[[], str | None]
    threads: Callable[[], int]
    limit: Callable[[int], object]


def blas() -> Blas:
    """Ask numpy and the library it has loaded."""
    try:
        import numpy as np  # noqa: PLC0415 - a broken or missing numpy is an answer too
    except Exception:  # noqa: BLE001 - whatever it is that keeps numpy from loading
        return Blas(*[None] * 8)
    built = _section(np, "Build Dependencies", "blas")
    simd = _section(np, "SIMD Extensions")
    extensions = (*simd.get("baseline", ()), *simd.get("found", ())) if simd else None
    name, version = built.get("name"), built.get("version")
    kernel, threads, library = _from_openblas() or _from_threadpoolctl() or (None, None, None)
    if library is None and built and not built.get("found"):
        name, version = "none", None  # it was built without: numpy multiplies by loops of its own
    return Blas(name, version, kernel, threads, library, np.__version__, extensions, better_kernel(kernel, cpu_flags()))


def _section(np: Any, *path: str) -> dict[str, Any]:
    """Return a part of how numpy was built, or nothing where this numpy does not tell."""
    try:
        part: Any = np.show_config(mode="dicts")
        for name in path:
            part = part[name]
        return dict(part)
    except Exception:  # noqa: BLE001 - another numpy, built in another way, may do anything
        return {}


def _from_threadpoolctl() -> tuple[str | None, int | None, str | None] | None:
    """Ask threadpoolctl, which knows MKL, BLIS, a system's OpenBLAS and others too."""
    try:
        pools = import_module("threadpoolctl").threadpool_info()
        pool = next(pool for pool in pools if pool["user_api"] == "blas")
        return pool.get("architecture"), pool["num_threads"], os.path.basename(pool["filepath"])
    except Exception:  # noqa: BLE001 - it is not there, or found none
        return None


def openblas_functions() -> OpenBlas | None:
    """Return the functions of the OpenBLAS that came with numpy, which loads both; None if there is none."""
    try:
        import numpy as np  # noqa: PLC0415 - as above
    except Exception:  # noqa: BLE001 - as above
        return None
    folder = os.path.dirname(np.__file__)
    for path in glob.glob(folder + ".libs/*openblas*") + glob.glob(folder + "/.dylibs/*openblas*"):
        try:
            library = ctypes.CDLL(path)
        except OSError:
            continue
        core, threads = _function(library, "get_corename"), _function(library, "get_num_threads")
        limit = _function(library, "set_num_threads")
        if core is not None and threads is not None and limit is not None:
            core.restype, threads.restype, limit.argtypes = ctypes.c_char_p, ctypes.c_int, [ctypes.c_int]
            return OpenBlas(os.path.basename(path), partial(_text, core), threads, limit)
    return None


def _text(function: Any) -> str | None:
    return (function() or b"").decode() or None


def _from_openblas() -> tuple[str | None, int | None, str | None] | None:
    """Ask the OpenBLAS that came with numpy and is loaded already."""
    found = openblas_functions()
    return (found.kernel(), found.threads() or None, found.library) if found else None


def _function(library: ctypes.CDLL, name: str) -> Any:
    """Return the function, under any of the names that builds of OpenBLAS give it."""
    names = [f"{prefix}openblas_{name}{suffix}" for prefix in ("scipy_", "") for suffix in ("64_", "_64", "_", "")]
    return next((getattr(library, each) for each in names if hasattr(library, each)), None)
