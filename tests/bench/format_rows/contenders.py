"""What is measured: rows, and in each of them concli first, then who does the same beside it."""

import importlib.util
import os
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from tests.bench.commands import Command
from tests.bench.format_rows import check
from tests.bench.format_rows.inputs import COMPRESSORS, log_path
from tests.bench.format_rows.shapes import SHAPES, Shape

__all__ = ["DUCKDB", "MODULE", "ONE_THREAD", "PLAIN", "POLARS", "TWO_THREADS", "Contender", "Row", "Rows", "Section"]

ONE_THREAD, TWO_THREADS = "concli, 1 thread", "concli, 2 threads"
POLARS, DUCKDB = "polars", "DuckDB"
MODULE, PLAIN = "Python's decompressor alone", "concli, 2 threads, the log as it was"

Section = Literal["start", "formats", "stats", "pattern", "compressed"]

_PEERS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "peers")

# Of the combined log: concli matches it at the beginning of a line, so it says so for ripgrep.
_PATTERN = (
    r'^(?P<client>[0-9.]+) [^ ]+ [^ ]+ \[(?P<timestamp>[^\]]+)\] "(?P<method>[A-Z]+) (?P<path>[^ "]+) [^"]*" '
    r"(?P<status>[0-9]{3}) (?P<bytes>[0-9]+|-) (?P<message>.*)"
)


@dataclass(frozen=True, slots=True)
class Contender:
    """A command, and how what it did is counted.

    It has to come to what is ``expected``, or else to what concli comes to. ``to_check``, if there is one, is run for
    that in the command's stead.
    """

    command: Command
    count: Callable[[str], int]
    has_entries: bool = False  # as JSON lines, whose values can be compared
    to_check: Command | None = None
    expected: int | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One job, with all that do it; ``size`` is the bytes of the log, not compressed."""

    section: Section
    name: str
    size: int
    contenders: Sequence[Contender]


class Rows:
    """Makes rows: ``concli`` is how it is started, ``folder`` where logs and outputs are."""

    def __init__(self, concli: Sequence[str], folder: str) -> None:
        self._concli = tuple(concli)
        self._folder = folder

    def start(self) -> Row:
        """Return a row for what it takes to start: a log of one line."""
        path = self._path("one-line.log")
        with open(path, "w", encoding="ascii") as file:
            file.write("2026-11-22 16:35:43 [INFO] ready\n")
        ours = self._ours("start", path, "jsonl", "--format", "base")[1:]
        return Row("start", "start", 1, [*ours, *self._peers("start", path, SHAPES["base"])])

    def format(self, name: str) -> Row:
        """Return a row for a format to JSON lines."""
        log, shape = log_path(self._folder, name), SHAPES[name]
        ours = self._ours(name, log, "jsonl", "--format", name)
        return Row("formats", name, os.path.getsize(log), [*ours, *self._peers(name, log, shape)])

    def stats(self) -> Row:
        """Return a row for what a combined log is like."""
        log, group = log_path(self._folder, "combined"), "stats"
        ours = []
        for threads, name in ((1, ONE_THREAD), (2, TWO_THREADS)):
            report = self._path("report.json")
            argv = (*self._concli, "logs", "stats", log, "-t", str(threads), "-q", "--report", report)
            command = Command(group, name, argv, log, report, "none")
            ours.append(Contender(command, check.report_entries))
        out = self._path("goaccess.json")
        argv = ("goaccess", log, "--no-global-config", "--log-format=COMBINED", "--no-progress", "-o", out)
        goaccess = self._tool(group, "goaccess", argv, log, out, to_stdout=False)
        query = ";SELECT log_level, count(*) AS count FROM access_log GROUP BY log_level"
        argv = ("lnav", "-n", "-N", "-c", query, "-c", ":write-json-to -", log)
        lnav = self._tool(group, "lnav, counting by level", argv, log, self._path("lnav.json"))
        peers = [Contender(goaccess, check.goaccess_requests), Contender(lnav, check.lnav_messages)]
        return Row("stats", "stats of the combined log", os.path.getsize(log), [*ours, *peers])

    def patterns(self) -> list[Row]:
        """Return rows for a pattern given on the command line, to what can be written of its entries."""
        log, rows = log_path(self._folder, "combined"), []
        for to in ("raw", "text", "jsonl"):
            group = f"pattern to {to}"
            argv = ("rg", "--no-config", "-N", "--no-heading", "--no-unicode", _PATTERN, log)
            ripgrep = self._tool(group, "ripgrep, the lines", argv, log, self._path("rg.txt"))
            ours = self._ours(group, log, to, "--pattern", _PATTERN)
            rows.append(Row("pattern", group, os.path.getsize(log), [*ours, Contender(ripgrep, check.lines_in)]))
        return rows

    def compressed(self, ending: str) -> Row:
        """Return a row for the base log, compressed."""
        plain = log_path(self._folder, "base")
        packed, group = f"{plain}.{ending}", f"{ending} to jsonl"
        size = os.path.getsize(plain)
        tool = COMPRESSORS[ending][0]
        out = self._path(f"unpacked-{ending}")
        alone = self._tool(group, f"{tool} alone", (tool, "-dc", packed), packed, os.devnull)
        module = self._script(group, MODULE, "decompress.py", "", packed)
        entries = check.base_entries(plain)
        of_plain = self._ours(group, plain, "jsonl", "--format", "base")[1]
        of_plain = replace(of_plain, command=replace(of_plain.command, name=PLAIN), expected=entries)
        ours = [replace(each, expected=entries) for each in self._ours(group, packed, "jsonl", "--format", "base")]
        if ending == "zst" and not _reads_zstd():
            ours = [replace(each, command=replace(each.command, missing=True)) for each in ours]
            module = replace(module, missing=True)
        to_check = replace(alone, output=out)
        peers = [
            Contender(alone, check.bytes_in, to_check=to_check, expected=size),
            Contender(module, check.number_in, expected=size),
            of_plain,
        ]
        return Row("compressed", group, size, [*ours, *peers])

    def _peers(self, group: str, log: str, shape: Shape) -> list[Contender]:
        how = (shape.pattern, shape.always) if shape.pattern else ()
        peers = [
            self._script(group, POLARS, "polars_format.py", "polars", log, *how),
            self._script(group, DUCKDB, "duckdb_format.py", "duckdb", log, *how),
        ]
        return [Contender(peer, check.lines_in, has_entries=True) for peer in peers]

    def _ours(self, group: str, log: str, to: str, *options: str) -> list[Contender]:
        made = []
        for threads, name in ((1, ONE_THREAD), (2, TWO_THREADS)):
            out = self._path(f"{os.path.basename(log)}-{threads}.out")
            argv = (*self._concli, "logs", "process", log, *options, "--to", to, "-t", str(threads), "-q", "-o", out)
            made.append(Contender(Command(group, name, argv, log, out, "same bytes"), check.lines_in, to == "jsonl"))
        return made

    def _tool(
        self, group: str, name: str, argv: tuple[str, ...], log: str, out: str, *, to_stdout: bool = True
    ) -> Command:
        missing = shutil.which(argv[0]) is None
        env: Mapping[str, str] = {"LC_ALL": "C", "HOME": self._folder, "XDG_CONFIG_HOME": self._folder}
        return Command(group, name, argv, log, out, "none", to_stdout=to_stdout, missing=missing, env=env)

    def _script(self, group: str, name: str, file: str, package: str, log: str, *how: str) -> Command:
        missing = bool(package) and importlib.util.find_spec(package) is None
        out = self._path(f"{file}.out")
        argv = (sys.executable, os.path.join(_PEERS, file), log, out, *how)
        return Command(group, name, argv, log, out, "none", missing=missing)

    def _path(self, name: str) -> str:
        return os.path.join(self._folder, name)


def _reads_zstd() -> bool:
    """Tell whether this Python has zstd, by itself or by a package."""
    return any(importlib.util.find_spec(name) for name in ("compression", "zstandard"))
