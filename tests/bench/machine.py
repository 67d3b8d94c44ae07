"""Where the figures are from."""

import importlib.metadata
import os
import platform
import subprocess
import sys
from collections.abc import Sequence

__all__ = ["describe", "machine"]


def machine() -> dict[str, str]:
    """Return the machine and the interpreter."""
    return {
        "CPU": _cpu(),
        "CPUs": str(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()),
        "load": f"{os.getloadavg()[0]:.2f}",
        "system": f"{platform.system()} {platform.release()}",
        "Python": sys.version.split(" (")[0],
    }


def describe(concli: Sequence[str], folder: str) -> dict[str, str]:
    """Return the machine, its file system and the versions of all that is compared."""
    return {
        **machine(),
        "file system": _first_line("stat", "-f", "-c", "%T", folder),
        "concli": _first_line(*concli, "--version").rpartition(" ")[2],
        "cat": _first_line("cat", "--version").rpartition(" ")[2],
        "ripgrep": _first_line("rg", "--version").removeprefix("ripgrep "),
        "mawk": _first_line("mawk", "-W", "version").removeprefix("mawk "),
        "GNU grep": _first_line("grep", "--version").rpartition(" ")[2],
        "polars": _package("polars"),
        "DuckDB": _package("duckdb"),
    }


def _cpu() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            models = [line.partition(":")[2].strip() for line in file if line.startswith("model name")]
    except OSError:
        models = []
    return models[0] if models else platform.processor() or platform.machine()


def _first_line(*argv: str) -> str:
    try:
        said = subprocess.run(argv, capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL).stdout
    except FileNotFoundError:
        return "missing"
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return said.partition("\n")[0].strip()


def _package(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "missing"
