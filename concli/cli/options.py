"""The options that every command spells the same, and what turns text into their values."""

import re
from collections.abc import Callable
from functools import wraps
from typing import Any, NamedTuple

import click
from click.shell_completion import CompletionItem

from concli.cli.boundary import State

__all__ = [
    "Common",
    "common_options",
    "common_options_without",
    "document_options",
    "file_names",
    "regex",
    "seed_option",
]


class Common(NamedTuple):
    """The values of the common options; of those that a command does not have, what is as if there were none."""

    report: str | None
    live: bool | None
    quiet: bool
    verbose: bool
    json: bool = False
    threads: int = 1
    trace: str | None = None


def common_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the common options to a command, which gets them as its first argument, a ``Common``."""
    return common_options_without()(command)


def common_options_without(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Do the same, but for the options with these names."""
    taken = [name for name in _OPTIONS if name not in names]

    def add(command: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(command)
        def with_common(**values: Any) -> Any:
            common = Common(**{name: values.pop(name) for name in taken})
            click.get_current_context().ensure_object(State).verbose = common.verbose
            return command(common, **values)

        for name in reversed(taken):
            _OPTIONS[name](with_common)
        return with_common

    return add


def document_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of a command that runs no job and prints one document: ``--json`` (``as_json``) and ``-v``."""

    @wraps(command)
    def with_options(*, verbose: bool, **values: Any) -> Any:
        click.get_current_context().ensure_object(State).verbose = verbose
        return command(**values)

    _OPTIONS["verbose"](with_options)
    return click.option("--json", "as_json", is_flag=True, envvar="CONCLI_JSON", help="Print it as one JSON document.")(
        with_options
    )


def file_names(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Have the shell complete names of files."""
    return [CompletionItem(incomplete, type="file")]


def _usable_cpus() -> int:
    from concli.metrics.host import usable_cpus  # noqa: PLC0415 - help must not wait for it

    return usable_cpus()


_OPTIONS = {
    "threads": click.option(
        "-t",
        "--threads",
        type=click.IntRange(1, 1024),
        default=_usable_cpus,
        envvar="CONCLI_THREADS",
        metavar="N",
        help="Worker threads.  [default: the CPUs this process may use]",
    ),
    "report": click.option(
        "--report",
        metavar="FILE",
        envvar="CONCLI_REPORT",
        shell_complete=file_names,
        help="Write the run report (JSON) to FILE.",
    ),
    "trace": click.option(
        "--trace",
        metavar="FILE",
        envvar="CONCLI_TRACE",
        shell_complete=file_names,
        help="Write a trace for Perfetto or about:tracing to FILE.",
    ),
    "json": click.option("--json", is_flag=True, envvar="CONCLI_JSON", help="Print the run report on standard output."),
    "live": click.option(
        "--live/--no-live",
        default=None,
        envvar="CONCLI_LIVE",
        help="Show a live table.  [default: when standard error is a terminal]",
    ),
    "quiet": click.option(
        "-q", "--quiet", is_flag=True, envvar="CONCLI_QUIET", help="No table at the end; errors only."
    ),
    "verbose": click.option(
        "-v", "--verbose", is_flag=True, envvar="CONCLI_VERBOSE", help="Show where an error came from."
    ),
}

#: For where something is random.
seed_option = click.option(
    "--seed",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    envvar="CONCLI_SEED",
    metavar="N",
    help="Where chance begins: the same seed, the same run.",
)


def regex(_ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    """Compile regular expressions in Python's syntax."""
    compiled = []
    for value in values:
        try:
            compiled.append(re.compile(value))
        except re.error as error:
            raise click.BadParameter(f"{value!r} is not a regular expression: {error}") from error
    return tuple(compiled)
