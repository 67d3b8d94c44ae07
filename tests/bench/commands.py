"""What is measured: concli and its peers, each as a command line."""

import importlib.util
import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

__all__ = ["BASELINE", "GROUPS", "ONE_THREAD", "Command", "commands"]

ONE_THREAD = "concli, 1 thread"
BASELINE = "concli, 2 threads"
GROUPS = ("text", "jsonl", "counting")

_ENTRY = r"^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2} \[[A-Za-z0-9_]+\] "
_D = "[0-9]"  # a mawk of some years ago has no {n}
_ENTRY_SPELT_OUT = rf"/^{_D * 4}-{_D * 2}-{_D * 2} {_D * 2}:{_D * 2}:{_D * 2} \[[A-Za-z0-9_]+\] /"

Agreement = Literal["same bytes", "same lines, in any order", "same records", "same counts", "none"]


@dataclass(frozen=True, slots=True)
class Command:
    """A command line, what it writes, and how that must agree with what concli writes."""

    group: str
    name: str
    argv: tuple[str, ...]
    input: str
    output: str
    agreement: Agreement
    to_stdout: bool = False  # whether ``output`` is where its standard output goes
    env: dict[str, str] = field(default_factory=dict)
    missing: bool = False


def commands(concli: Sequence[str], log: str, start: str, folder: str) -> list[Command]:
    """Return all commands, to read ``log`` (those that are too slow, ``start``) and write into ``folder``."""
    formats = (("text", "text", "text.out"), ("jsonl", "jsonl", "jsonl.out"), ("counting", "text", None))
    ours = [
        Command(
            group,
            name,
            (*concli, "logs", "process", log, "-o", output, "--to", to, "-t", str(threads), "-q"),
            log,
            output,
            "same counts" if group == "counting" else "same bytes",
        )
        for group, to, file in formats
        for threads, name in ((1, ONE_THREAD), (2, BASELINE))
        for output in [os.path.join(folder, f"concli-{threads}-{file}") if file else os.devnull]
    ]
    tools = [
        _tool("cat", log, folder, ("cat", log), "none"),
        _tool("ripgrep", log, folder, ("rg", "--no-config", "-N", "--no-heading", "--no-unicode", _ENTRY, log)),
        _tool("mawk", log, folder, ("mawk", _ENTRY_SPELT_OUT, log)),
        _tool("GNU grep", log, folder, ("grep", "-E", _ENTRY, log)),
    ]
    scripts = [
        _script("text", "line at a time", "line_at_a_time", start, folder, "same lines, in any order"),
        _script("jsonl", "polars", "polars_jsonl", log, folder, "same records"),
        _script("jsonl", "DuckDB", "duckdb_jsonl", log, folder, "same records"),
        _script("counting", "DuckDB", "duckdb_count", log, folder, "same counts"),
    ]
    return sorted([*ours, *tools, *scripts], key=lambda command: GROUPS.index(command.group))


def _tool(name: str, log: str, folder: str, argv: tuple[str, ...], agreement: Agreement = "same bytes") -> Command:
    output = os.path.join(folder, f"{argv[0]}.out")
    missing = shutil.which(argv[0]) is None
    return Command("text", name, argv, log, output, agreement, to_stdout=True, env={"LC_ALL": "C"}, missing=missing)


def _script(group: str, name: str, script: str, log: str, folder: str, agreement: Agreement) -> Command:
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "peers", f"{script}.py")
    output = os.path.join(folder, f"{script}.out")
    package = script.partition("_")[0]
    missing = package in ("polars", "duckdb") and importlib.util.find_spec(package) is None
    return Command(group, name, (sys.executable, path, log, output), log, output, agreement, missing=missing)
