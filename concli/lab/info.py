"""What there is here: interpreter, GIL, CPUs, memory, BLAS, packages. What can't be found out is None.

>>> info()["interpreter"]["implementation"]
'CPython'
"""

import os
import platform
import resource
import sys
import sysconfig
import warnings
from collections.abc import Callable, Iterable
from functools import partial
from importlib import import_module
from typing import Any

from concli import __version__
from concli.arrays.blas import blas
from concli.lab.extras import installation
from concli.metrics.host import affinity_cpus, cpu_quota, memory_limit, usable_cpus

__all__ = ["info"]

# Settings that change how Python, numpy or concli run: prefixes, and no more of them than may be shown to everybody.
_SETTINGS = (
    *("PYTHON_GIL", "PYTHON_CPU_COUNT", "PYTHONDEVMODE", "PYTHONMALLOC", "PYTHONOPTIMIZE", "PYTHONPATH"),
    *("PYTHONIOENCODING", "PYTHONUTF8", "PYTHONWARNINGS"),
    *("CONCLI_", "OPENBLAS_", "OMP_", "MKL_", "BLIS_"),
)


def info() -> dict[str, Any]:
    """Gather everything as a document, ``concli.info/1``; sizes are in bytes.

    This imports the packages concli depends on, one by one, to see whether one turns the GIL on.
    """
    installed = installation()
    culprit = _who_enables_the_gil(installed.dependencies)
    return {
        "schema": "concli.info/1",
        "version": __version__,
        "interpreter": _interpreter(culprit),
        "platform": {"system": _known(platform.platform), "machine": _known(platform.machine)},
        "cpus": _cpus(),
        "memory": _memory(),
        "blas": blas()._asdict(),
        "dependencies": installed.dependencies,
        "extras": [extra._asdict() for extra in installed.extras],
        "extras_from": installed.source,
        "environment": {
            name: _at_home(value) for name, value in sorted(os.environ.items()) if name.startswith(_SETTINGS)
        },
    }


def _interpreter(culprit: str | None) -> dict[str, Any]:
    return {
        "implementation": platform.python_implementation(),
        "version": platform.python_version(),
        "build": " ".join(platform.python_build()),
        "compiler": platform.python_compiler(),
        "executable": _at_home(sys.executable),
        "free_threaded": _is_free_threaded(),
        "gil": _gil(),
        "gil_enabled_by": culprit,
        "switch_interval_s": sys.getswitchinterval(),
    }


def _is_free_threaded() -> bool:
    return bool(sysconfig.get_config_var("Py_GIL_DISABLED"))


def _gil() -> bool:
    return bool(getattr(sys, "_is_gil_enabled", lambda: True)())


def _who_enables_the_gil(packages: Iterable[str]) -> str | None:
    """Import ``packages`` and return what turned the GIL of a free-threaded build on; None if it is off, or always on.

    An extension module that does not say it can do without the GIL turns it on for good.
    """
    asked = next((way for way in (_asked_by_option(), _asked_by_environment()) if way), None)
    was_on = _gil()
    for name in packages:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that is what the interpreter warns of
            _known(partial(import_module, name.replace("-", "_")))
        if _is_free_threaded() and not was_on and _gil():
            return f"import {name}"
    if not _is_free_threaded() or not was_on:
        return None
    return asked or "an import before this command began"


def _asked_by_option() -> str | None:
    return "-X gil=1" if sys._xoptions.get("gil") == "1" else None  # noqa: SLF001 - the documented way to read them


def _asked_by_environment() -> str | None:
    return "PYTHON_GIL=1" if os.environ.get("PYTHON_GIL") == "1" and not sys.flags.ignore_environment else None


def _cpus() -> dict[str, Any]:
    quota = _known(cpu_quota)
    return {
        "usable": _known(usable_cpus),
        "machine": os.cpu_count(),
        "affinity": _known(affinity_cpus) if hasattr(os, "sched_getaffinity") else None,
        "quota": quota and quota.amount,
        "quota_from": quota and quota.source,
        "model": _line_of("/proc/cpuinfo", "model name") or platform.processor() or None,
    }


def _memory() -> dict[str, Any]:
    limit = _known(memory_limit)
    return {
        "total_bytes": _known(lambda: os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")),
        "available_bytes": _known(lambda: int((_line_of("/proc/meminfo", "MemAvailable") or "").split()[0]) * 1024),
        "limit_bytes": limit and int(limit.amount),
        "limit_from": limit and limit.source,
        "address_space_limit_bytes": _limit("RLIMIT_AS"),
        "open_files_limit": _limit("RLIMIT_NOFILE"),
        "threads_limit": _limit("RLIMIT_NPROC"),
    }


def _limit(name: str) -> int | None:
    """Return the soft limit of this process; None if there is none, or it is not known here."""
    soft = _known(lambda: resource.getrlimit(getattr(resource, name))[0])
    return None if soft is None or soft == resource.RLIM_INFINITY else int(soft)


def _line_of(path: str, key: str) -> str | None:
    """Return what stands behind the first ``key:`` in a file of the kernel's."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return next((line.partition(":")[2].strip() for line in file if line.startswith(key)), None)
    except OSError:
        return None


def _known(ask: Callable[[], Any]) -> Any:
    """Return what ``ask`` does, or None if it fails: nothing here is worth a failure."""
    try:
        return ask()
    except Exception:  # noqa: BLE001 - whatever goes wrong, the answer is that it is not known
        return None


def _at_home(path: str) -> str:
    """Return a path without the name of the user, fit for a bug report."""
    home = os.path.expanduser("~")
    return path.replace(home, "~", 1) if len(home) > 1 and path.startswith(home + os.sep) else path
