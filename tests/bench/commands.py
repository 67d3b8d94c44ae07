"""What is measured: concli and its peers, each as a command line."""

import importlib.util
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

__all__ = ["GROUPS", "ONE_THREAD", "TWO_THREADS", "Command", "commands"]

ONE_THREAD = "concli, 1 thread"
TWO_THREADS = "concli, 2 threads"
GROUPS = ("text", "jsonl", "counting")

_ENTRY = r"^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2} \[[A-Za-z0-9_]+\] "
_D = "[0-9]"  # mawk had no {n} for long
_ENTRY_FOR_MAWK = rf"/^{_D * 4}-{_D * 2}-{_D * 2} {_D * 2}:{_D * 2}:{_D * 2} \[[A-Za-z0-9_]+\] /"

_PEERS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "peers")

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
    to_stdout: bool = False  # whether ``output`` is what it writes to its standard output
    report: str = ""  # where concli may write its report
    missing: bool = False
    env: Mapping[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The name and where it belongs."""
        return f"{self.group}: {self.name}"


def commands(concli: Sequence[str], log: str, start: str, folder: str) -> list[Command]:
    """Return all commands, in groups, concli first.

    They read ``log``, those that are too slow only its ``start``, and write into ``folder``.
    """

    def out(*words: object) -> str:
        return os.path.join(folder, "-".join(map(str, words)))

    def ours(group: str, to: str, agreement: Agreement, *, writes: bool = True) -> list[Command]:
        made = []
        for threads, name in ((1, ONE_THREAD), (2, TWO_THREADS)):
            output = out("concli", threads, group) if writes else os.devnull
            argv = (*concli, "logs", "process", log, "-o", output, "--to", to, "-t", str(threads), "-q")
            made.append(Command(group, name, argv, log, output, agreement, report=out("report", threads)))
        return made

    def tool(name: str, *argv: str, agreement: Agreement = "same bytes") -> Command:
        missing = shutil.which(argv[0]) is None
        env = {"LC_ALL": "C"}
        return Command("text", name, argv, log, out(argv[0]), agreement, to_stdout=True, missing=missing, env=env)

    def script(group: str, name: str, file: str, agreement: Agreement, package: str = "", source: str = log) -> Command:
        missing = bool(package) and importlib.util.find_spec(package) is None
        argv = (sys.executable, os.path.join(_PEERS, file), source, out(file))
        return Command(group, name, argv, source, out(file), agreement, missing=missing)

    return [
        *ours("text", "text", "same bytes"),
        tool("cat", "cat", log, agreement="none"),
        tool("ripgrep", "rg", "--no-config", "-N", "--no-heading", "--no-unicode", _ENTRY, log),
        tool("mawk", "mawk", _ENTRY_FOR_MAWK, log),
        tool("GNU grep", "grep", "-E", _ENTRY, log),
        script("text", "line at a time", "line_at_a_time.py", "same lines, in any order", source=start),
        *ours("jsonl", "jsonl", "same bytes"),
        script("jsonl", "polars", "polars_jsonl.py", "same records", "polars"),
        script("jsonl", "DuckDB", "duckdb_jsonl.py", "same records", "duckdb"),
        *ours("counting", "text", "same counts", writes=False),
        script("counting", "DuckDB", "duckdb_count.py", "same counts", "duckdb"),
    ]
