"""The options that every command spells the same, and what turns text into their values."""

import re
from collections.abc import Callable
from functools import wraps
from typing import Any, NamedTuple

import click

from concli.cli.boundary import State

__all__ = ["Common", "byte_size", "common_options", "regex"]


class Common(NamedTuple):
    """The values of the common options."""

    threads: int
    report: str | None
    trace: str | None
    live: bool | None
    quiet: bool
    verbose: bool
    json: bool


def common_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the common options to a command, which gets them as its first argument, a ``Common``."""

    @wraps(command)
    def with_common(**values: Any) -> Any:
        common = Common(**{name: values.pop(name) for name in Common._fields})
        click.get_current_context().ensure_object(State).verbose = common.verbose
        return command(common, **values)

    for option in reversed(_OPTIONS):
        option(with_common)
    return with_common


def _usable_cpus() -> int:
    from concli.metrics.host import usable_cpus  # noqa: PLC0415 - help must not wait for it

    return usable_cpus()


_OPTIONS = [
    click.option(
        "-t",
        "--threads",
        type=click.IntRange(1, 1024),
        default=_usable_cpus,
        envvar="CONCLI_THREADS",
        metavar="N",
        help="Worker threads.  [default: the CPUs this process may use]",
    ),
    click.option("--report", metavar="FILE", envvar="CONCLI_REPORT", help="Write the run report (JSON) to FILE."),
    click.option(
        "--trace", metavar="FILE", envvar="CONCLI_TRACE", help="Write a trace for Perfetto or about:tracing to FILE."
    ),
    click.option("--json", is_flag=True, envvar="CONCLI_JSON", help="Print the run report on standard output."),
    click.option(
        "--live/--no-live",
        default=None,
        envvar="CONCLI_LIVE",
        help="Show a live table.  [default: when standard error is a terminal]",
    ),
    click.option("-q", "--quiet", is_flag=True, envvar="CONCLI_QUIET", help="No table at the end; errors only."),
    click.option("-v", "--verbose", is_flag=True, envvar="CONCLI_VERBOSE", help="Show where an error came from."),
]


_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmg]?)(?:i?b)?", re.IGNORECASE)
_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


def byte_size(_ctx: click.Context, _param: click.Parameter, value: str) -> int:
    """Turn ``4096``, ``64k``, ``16MiB`` or ``1GB`` into bytes; k, M and G stand for powers of 1024."""
    match = _SIZE.fullmatch(value.strip())
    size = int(float(match[1]) * _UNITS[match[2].lower()]) if match else 0
    if size < 1:
        raise click.BadParameter(f"{value!r} is not a size; write 4096, 64k or 16MiB")
    return size


def regex(_ctx: click.Context, _param: click.Parameter, value: str | None) -> re.Pattern[str] | None:
    """Compile a regular expression in Python's syntax."""
    try:
        return None if value is None else re.compile(value)
    except re.error as error:
        raise click.BadParameter(f"{value!r} is not a regular expression: {error}") from error
