"""``concli logs generate``: logs as programs write them, made up."""

from datetime import UTC, datetime

import click

from concli.cli.options import Common, common_options_without, file_names, seed_option
from concli.cli.quantities import byte_size, duration_of, rate_of, share_of
from concli.errors import UsageError

__all__ = ["generate"]

# Those of concli.logs.generate, which help must not wait for; a test holds them together.
FORMATS = (
    *("base", "asctime", "python", "general", "syslog", "syslog5424", "common", "combined"),
    *("log4j", "logback", "hadoop", "spark", "zookeeper", "apache-error", "nginx-error", "postgresql", "redis"),
    *("klog", "logcat", "logfmt", "json", "journald", "docker", "cri"),
)
_ALIASES = {"jsonl": "json", "python-default": "python"}


def _start(_ctx: click.Context, _param: click.Parameter, value: str | None) -> datetime | None:
    try:
        moment = None if value is None else datetime.fromisoformat(value)
    except ValueError as error:
        raise click.BadParameter(f"{value!r} is not a time; write 2026-03-01T06:00:00") from error
    if moment is None:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


@click.command()
@click.option(
    "--format",
    "name",
    type=click.Choice([*FORMATS, *_ALIASES]),
    metavar="NAME",
    default="base",
    show_default=True,
    help=f"One of {', '.join(FORMATS)}.",
)
@click.option("--size", metavar="SIZE", callback=byte_size, help="How much: 500MB, 10MiB.  [default: 1MiB]")
@click.option("--lines", type=click.IntRange(1), metavar="N", help="How much, in lines.")
@click.option("--rate", metavar="N/s", callback=rate_of, help="Write as many entries a second, in real time.")
@click.option("--duration", metavar="TIME", callback=duration_of, help="With --rate: stop after this time.")
@click.option(
    "--start",
    metavar="TIME",
    callback=_start,
    help="When the log begins (UTC).  [default: 2026-03-01 06:00; with --rate, now]",
)
@click.option(
    "--traces", metavar="SHARE", callback=share_of, default="0%", show_default=True, help="Entries with a stack trace."
)
@click.option(
    "--damage",
    metavar="SHARE",
    callback=share_of,
    default="0%",
    show_default=True,
    help="Entries that are torn, cut, overlong, after NULs or not UTF-8.",
)
@click.option(
    "--truth",
    metavar="FILE",
    shell_complete=file_names,
    help="Write what a correct reader gets of each entry to FILE, as JSON lines.",
)
@click.option(
    "-o", "--output", metavar="OUT", shell_complete=file_names, help="Where to write.  [default: standard output]"
)
@seed_option
@common_options_without("threads")
def generate(
    common: Common,
    name: str,
    size: int | None,
    lines: int | None,
    rate: float | None,
    duration: float | None,
    start: datetime | None,
    traces: float,
    damage: float,
    truth: str | None,
    output: str | None,
    seed: int,
) -> int:
    r"""Make up a log in any built-in format, as a program would write it.

    The same seed and options give the same bytes. Time passes in bursts, with gaps and times of trouble in which
    more entries are errors. Stack traces are Python's or Java's, where the format can hold them.

    \b
    Examples:
      concli logs generate --format combined --size 500MB --damage 0.5% --truth truth.jsonl -o access.log
      concli logs generate --format log4j --rate 1000/s --duration 30s --traces 1% >> app.log
    """
    from concli.cli.session import session  # noqa: PLC0415 - help must not wait for it
    from concli.logs.generate import Choice, Job  # noqa: PLC0415
    from concli.logs.generate import generate as generate_log  # noqa: PLC0415

    to_stdout = output in (None, "-")
    if duration is not None and rate is None:
        raise UsageError("--duration says how long to keep up a --rate: give one, or a --size")
    if common.json and to_stdout:
        raise UsageError("--json: the log goes to standard output; use --report FILE, or -o OUT for the log")
    if size is None and lines is None and rate is None:
        size = 1 << 20
    if truth is not None and truth == output:
        raise UsageError("--truth and -o name the same file; the truth needs one of its own")
    choice = Choice(_ALIASES.get(name, name), seed, traces=traces, damage=damage)
    if rate is not None:
        choice = choice._replace(start=datetime.now(UTC), mean_s=1 / rate, even=True)
    if start is not None:
        choice = choice._replace(start=start)
    job = Job(choice, size, lines, rate, duration, output, truth)
    config = {**choice._asdict(), **job._asdict(), "start": choice.start.isoformat()}
    del config["choice"]
    with session("logs generate", config, common, data_on_stdout=to_stdout) as this:
        generate_log(job, this.run)
    return this.exit_code
