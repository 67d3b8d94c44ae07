"""The versions of what is compared."""

import re
import subprocess

__all__ = ["versions"]

_TOOLS = ("goaccess", "lnav", "gzip", "bzip2", "xz", "zstd")
_VERSION = re.compile(r"[0-9]+(?:\.[0-9]+)+")


def versions() -> dict[str, str]:
    """Return the version of each tool, by name."""
    return {name: _version(name) for name in _TOOLS}


def _version(tool: str) -> str:
    flag = "-V" if tool == "lnav" else "--help" if tool == "bzip2" else "--version"
    try:
        said = subprocess.run((tool, flag), capture_output=True, stdin=subprocess.DEVNULL, check=False)
    except OSError:
        return "not installed"
    found = _VERSION.search((said.stdout + said.stderr).decode(errors="replace"))
    return found[0] if found else "unknown"
