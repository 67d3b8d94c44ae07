"""The tables of ``concli monitor``: while it goes on the last sample, as ``top -H`` has it; at the end the summary."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from concli.cli.lab_table import sparkline
from concli.cli.table import count
from concli.metrics import Report
from concli.monitor.job import Now
from concli.monitor.rates import ProcessRate, ThreadRate
from concli.monitor.view import select
from concli.terminal import visible

__all__ = ["MonitorTable"]

_PROCESSES_SHOWN = 5
_SPARKS = 8  # intervals
_COMMAND = 50  # characters of a command
_NAME = 20  # characters of a thread's name


class _Frame(NamedTuple):
    """What is shown of a sample."""

    time_s: float
    processes: tuple[ProcessRate, ...]
    threads: list[ThreadRate]
    hidden: int
    sparks: dict[tuple[int, int], tuple[float, ...]]
    total: tuple[float, ...]
    problem: str


class MonitorTable:
    """Draws what ``show`` was told last, and after ``end`` the summary in the report.

    Up to ``top`` threads are shown, of those with a ``matching`` part in their name, the first in the order ``sort``.
    """

    def __init__(self, sort: str = "cpu", top: int | None = None, matching: re.Pattern[str] | None = None) -> None:
        self._sort = sort
        self._top = top
        self._matching = matching
        self._frame: _Frame | None = None  # replaced in one step: another thread draws it
        self._has_ended = False

    @property
    def problem(self) -> str:
        """What could not be seen at the last sample."""
        return self._frame.problem if self._frame else ""

    def show(self, now: Now) -> None:
        """Show this from now on. The thread that samples calls it."""
        threads, hidden = select(now.rates.threads, sort=self._sort, top=self._top, matching=self._matching)
        sparks = {(each.pid, each.tid): now.history.of(each.pid, each.tid)[-_SPARKS:] for each in threads}
        total, problem = now.history.total()[-_SPARKS:], now.sample.problem or ""
        self._frame = _Frame(now.sample.time_s, now.rates.processes, threads, hidden, sparks, total, problem)

    def end(self) -> None:
        """Show the summary from now on."""
        self._has_ended = True

    def __call__(self, report: Report, *, expected: int | None = None, ending: str = "") -> RenderableType:
        """Return the table; see ``concli.cli.table.render``."""
        del expected
        line = Text.assemble(("concli " + report.command, "bold"), f"  {_what(report)}")
        if ending:
            line.append(f"  {ending}", "bold red")
        parts = _summary(report, self._matching) if self._has_ended else _now(self._frame)
        problem = [_line("not seen", self.problem, "yellow")] if self.problem else []
        failed = [
            _line("failed", f"{each.name}: {each.detail}", "bold red") for each in report.checks if not each.passed
        ]
        return Group(line, *parts, *problem, *failed)


def _what(report: Report) -> str:
    config = report.config
    words = config.get("command")
    if isinstance(words, tuple | list) and words:
        text = " ".join(visible(" ".join(map(str, words))).split())
        return text if len(text) <= _COMMAND else text[: _COMMAND - 1] + "…"
    return f"process {config['pid']}" if config.get("pid") else visible(str(config.get("replay", "")))


def _now(frame: _Frame | None) -> Iterator[RenderableType]:
    if frame is None:
        return
    yield _line(
        "CPU",
        f"{_share(sum(each.cpu for each in frame.processes))} {sparkline(frame.total, _top_of(frame.total))}"
        f"  after {frame.time_s:.1f} s",
    )
    ranked = sorted(frame.processes, key=lambda each: -each.cpu)
    for process in ranked[:_PROCESSES_SHOWN]:
        yield _line(f"{visible(process.name)} {process.pid}", "  ".join(_of_process(process)))
    if len(ranked) > _PROCESSES_SHOWN:
        yield _line(f"and {len(ranked) - _PROCESSES_SHOWN:,} more", "processes")
    yield _threads(frame)
    if frame.hidden:
        yield _line(f"and {frame.hidden:,} more", "threads")


def _of_process(process: ProcessRate) -> Iterator[str]:
    yield f"CPU {_share(process.cpu)}"
    yield f"RSS {_bytes(process.rss_bytes)} {_signed(process.rss_growth_per_s)}/s"
    yield f"{process.threads:,} threads"
    if process.open_files is not None:
        yield f"{process.open_files:,} files"
    if process.read_per_s is not None and process.written_per_s is not None:
        yield f"read {_bytes(process.read_per_s)}/s  write {_bytes(process.written_per_s)}/s"


def _threads(frame: _Frame) -> Table:
    counts = any(each.operations_per_s is not None for each in frame.threads)
    places = any(each.wchan for each in frame.threads)
    pids = ["pid"] if len(frame.processes) > 1 else []
    names = ["thread", *pids, "tid", "", "user", "sys", "", "wait", "vol/s", "inv/s"]
    table = _grid(*names, *(["ops/s", "err/s"] if counts else []), *(["in"] if places else []))
    for each in frame.threads:
        row: list[str | Text] = [
            Text(_cut(each.name), "bold" if each.state == "R" else ""),
            *([str(each.pid)] if pids else []),
            str(each.tid),
            each.state,
            _share(each.user),
            _share(each.system),
            Text(sparkline(frame.sparks[each.pid, each.tid], 1.0).rjust(_SPARKS), "green"),
            _share(each.run_wait),
            _number(each.voluntary_per_s),
            _number(each.involuntary_per_s),
        ]
        if counts:
            row += [
                _number(each.operations_per_s),
                Text(_number(each.errors_per_s), "red" if each.errors_per_s else ""),
            ]
        table.add_row(*row, *([visible(each.wchan or "")] if places else []))
    return table


def _summary(report: Report, matching: re.Pattern[str] | None) -> Iterator[RenderableType]:
    result: Any = report.result
    if not result.get("samples"):
        return
    command = result.get("command")
    if command:
        how = f"killed by {command['signal']}" if command["signal"] else f"exit code {command['exit_code']}"
        used = command["user_s"] + command["system_s"]
        yield _line("command", f"{how}; {used:.2f} s CPU with all it waited for")
    parallel = result["parallelism"]
    yield _line("watched", f"{result['wall_s']:.2f} s, {count(result['samples'])} samples")
    yield _line(
        "CPU",
        f"{result['cpu_s']:.2f} s = {result['user_s']:.2f} user + {result['system_s']:.2f} system; "
        f"{parallel['cpu_per_s']:.2f} CPUs busy on average",
    )
    if parallel["running_share"]:
        shares = "  ".join(f"{number}: {_share(share)}" for number, share in parallel["running_share"].items())
        yield _line("threads running", f"{shares} of the time, give or take {_share(parallel['running_share_error'])}")
    growth = result["rss_growth_bytes"]
    yield _line("memory", f"{_bytes(result['peak_rss_bytes'])} peak, {_signed(growth)}")
    yield _line(
        "seen",
        f"{result['threads']['seen']:,} threads, {result['threads']['most']:,} at a time; "
        f"{result['processes']['seen']:,} processes, {result['processes']['most']:,} at a time",
    )
    threads = [each for each in result["busiest"] if matching is None or matching.search(each["name"])]
    if threads:
        yield _busiest(threads, result["wall_s"])
    yield from (_line("held", f"{each.name}: {each.detail}") for each in report.checks if each.passed)


def _busiest(threads: list[Any], wall_s: float) -> Table:
    counts = any(each["operations"] is not None for each in threads)
    pids = ["pid"] if len({each["pid"] for each in threads}) > 1 else []
    names = ["busiest", *pids, "tid", "user", "sys", "share", "wait", "vol", "inv"]
    table = _grid(*names, *(["ops", "errors"] if counts else []), "")
    for each in threads:
        row: list[str | Text] = [
            Text(_cut(each["name"])),
            *([str(each["pid"])] if pids else []),
            str(each["tid"]),
            f"{each['user_s']:.2f}s",
            f"{each['system_s']:.2f}s",
            _share(each["cpu_s"] / wall_s) if wall_s else "",
            "" if each["run_wait_s"] is None else f"{each['run_wait_s']:.2f}s",
            _number(each["voluntary"]),
            _number(each["involuntary"]),
        ]
        if counts:
            row += [_number(each["operations"]), Text(_number(each["errors"]), "red" if each["errors"] else "")]
        table.add_row(*row, "" if each["alive"] else "ended")
    return table


def _grid(*names: str) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="dim")
    left = {names[0], "in", names[-1]} - {"inv/s", "err/s"}
    for name in names:
        table.add_column(name, justify="left" if name in left else "right", no_wrap=True)
    return table


def _line(name: str, text: str, style: str = "cyan") -> Text:
    return Text.assemble((f"{name}  ", style), visible(text))


def _cut(name: str) -> str:
    shown = visible(name)
    return shown if len(shown) <= _NAME else shown[: _NAME - 1] + "…"


def _top_of(shares: tuple[float, ...]) -> float:
    return max(1.0, *shares, 0.0)


def _share(part: float | None) -> str:
    return "" if part is None else f"{part:.0%}"


def _number(number: float | None) -> str:
    if number is None:
        return ""
    return f"{number:.1f}" if 0 < number < 1 else count(number)


def _signed(number: float) -> str:
    return f"{'-' if number < 0 else '+'}{_bytes(abs(number))}"


def _bytes(number: float) -> str:
    for limit, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if number >= limit:
            return f"{number / limit:.{0 if number >= 100 * limit else 1}f}{unit}"
    return f"{number:.0f}B"
