"""``concli monitor``: what the threads of a running program, or of a command, are doing."""

import re
from collections.abc import Generator
from typing import TYPE_CHECKING

import click

from concli.cli.options import Common, common_options_without, file_names, regex
from concli.cli.quantities import duration_of

if TYPE_CHECKING:
    from concli.cli.session import Session
    from concli.monitor.launch import Ending
    from concli.monitor.sample import Sample

__all__ = ["monitor"]

_SORTS = ["cpu", "wait", "switches", "ops", "name", "tid"]
_SHORTEST_S = 0.01  # the system's own figures are no finer
_UNSEEN = 3


def _interval(ctx: click.Context, param: click.Parameter, value: str) -> float:
    seconds = duration_of(ctx, param, value) or 0.0
    if seconds < _SHORTEST_S:
        raise click.BadParameter(f"{value!r} is too short; 10ms is the least")
    return seconds


def _pattern(ctx: click.Context, param: click.Parameter, value: str | None) -> re.Pattern[str] | None:
    return None if value is None else regex(ctx, param, (value,))[0]


@click.command(context_settings={"allow_interspersed_args": False})
@click.argument("command", metavar="[COMMAND]...", nargs=-1, type=click.UNPROCESSED)
@click.option("--pid", type=click.IntRange(1), metavar="PID", help="Watch this process, and what it starts.")
@click.option("--replay", metavar="FILE", shell_complete=file_names, help="Look at a recording again.")
@click.option(
    "--interval",
    callback=_interval,
    default="1s",
    show_default=True,
    metavar="TIME",
    help="From one sample to the next: 100ms, 1s, 1min.",
)
@click.option(
    "--duration",
    callback=duration_of,
    metavar="TIME",
    help="Watch for so long.  [default: until it ends]",
)
@click.option(
    "--sort", type=click.Choice(_SORTS), default="cpu", show_default=True, help="Order of the threads: the most first."
)
@click.option(
    "--top", type=click.IntRange(1), default=20, show_default=True, metavar="N", help="Show so many threads at most."
)
@click.option(
    "--threads-matching",
    "matching",
    callback=_pattern,
    metavar="REGEX",
    help="Show only threads with this in their names.",
)
@click.option("--record", metavar="FILE", shell_complete=file_names, help="Write the samples to FILE, as JSON lines.")
@click.option(
    "--fail-if",
    "alerts",
    metavar="EXPR",
    multiple=True,
    help="Exit code 1 if this was so at any sample: 'rss > 500MiB', 'threads > 64', 'cpu > 150%'; repeatable. "
    "A name that is unknown has all listed.",
)
@common_options_without("threads", "trace")
def monitor(
    common: Common,
    command: tuple[str, ...],
    pid: int | None,
    replay: str | None,
    interval: float,
    duration: float | None,
    sort: str,
    top: int,
    matching: re.Pattern[str] | None,
    record: str | None,
    alerts: tuple[str, ...],
) -> int:
    r"""Show what the threads of COMMAND, of a process, or of a recording do, and sum up at the end.

    COMMAND runs as if it had been started alone: its streams, its signals and its exit code are its own, 128 more
    than the number if a signal kills it, 127 if there is no such command, 126 if it can't be executed. A failed
    --fail-if makes an exit code of 0 a 1. Processes it starts are watched as well, until it ends itself. With --json
    the report follows on what it has printed. There is no live table on a terminal it may print on, unless --live.

    Operations and errors are shown of programs that publish them, as concli's commands do when started here.

    \b
    Examples:
      concli monitor --pid 1234 --interval 500ms --top 10
      concli monitor --fail-if 'rss > 500MiB' --record run.jsonl -- python3 job.py --fast
    """
    if sum((bool(command), pid is not None, replay is not None)) != 1:
        raise click.UsageError("give one of COMMAND, --pid and --replay")
    from concli.cli.monitor_table import MonitorTable  # noqa: PLC0415 - help must not wait for it
    from concli.cli.session import session  # noqa: PLC0415
    from concli.monitor.alerts import parse_alert  # noqa: PLC0415
    from concli.monitor.job import watch  # noqa: PLC0415
    from concli.monitor.record import header_of  # noqa: PLC0415

    parsed = [parse_alert(alert) for alert in alerts]
    config: dict[str, object] = {
        "command": command,
        "pid": pid,
        "replay": replay,
        "interval_s": interval,
        "duration_s": duration,
        "sort": sort,
        "top": top,
        "threads_matching": matching and matching.pattern,
        "record": record,
        "fail_if": alerts,
    }
    table = MonitorTable(sort, top, matching)
    about = {name: config[name] for name in ("command", "pid", "interval_s")}
    with session("monitor", config, common, data_on_stdout=bool(command), table=table) as this:
        if command:
            samples = _of_command(command, this, interval, duration)
        else:
            samples = _of_process(pid, replay, interval, duration)
        try:
            watch(
                samples,
                this.run,
                alerts=parsed,
                record=record,
                about=about,
                cpus=header_of(replay).get("cpus") if replay is not None else None,
                busiest=top,
                on_sample=table.show,
            )
        finally:
            table.end()
        if pid is not None and table.problem.startswith(f"process {pid}: "):  # it was there, and let itself be seen
            this.complain(table.problem)
            this.exit_code = _UNSEEN
    return this.exit_code


def _of_process(
    pid: int | None, replay: str | None, interval_s: float, duration_s: float | None
) -> Generator["Sample"]:
    from concli.monitor.job import live  # noqa: PLC0415 - as above
    from concli.monitor.published import PublishedCounts  # noqa: PLC0415
    from concli.monitor.record import replay as samples_in  # noqa: PLC0415
    from concli.monitor.sampler import Sampler  # noqa: PLC0415

    if replay is not None:
        return samples_in(replay)
    return live(Sampler(pid or 0, counts=PublishedCounts()), interval_s=interval_s, duration_s=duration_s)


def _of_command(
    command: tuple[str, ...], this: "Session", interval_s: float, duration_s: float | None
) -> Generator["Sample"]:
    from concli.monitor.command_samples import samples_of  # noqa: PLC0415 - as above

    def take_over(ending: "Ending") -> None:
        this.exit_code = ending.exit_code
        summary = this.run.result
        this.run.result = lambda: {**summary(), "command": ending._asdict()}

    return samples_of(command, take_over, interval_s=interval_s, duration_s=duration_s)
