"""The options that every command on logs has: what is read and how, and which entries are chosen."""

import re
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from concli.cli.options import file_names, regex, seed_option
from concli.cli.quantities import byte_size
from concli.errors import UsageError

if TYPE_CHECKING:
    from concli.logs.choice.choice import Choice
    from concli.logs.source import Source

__all__ = ["Choosing", "ReadingOptions", "choosing_options", "reading_options"]


class ReadingOptions(NamedTuple):
    """The values of the options that say how logs are read."""

    format: str
    pattern: str | None
    formats: str | None
    tz: str | None
    year: int | None
    multiline: str
    encoding: str
    max_line: int

    def source(self, inputs: tuple[str, ...], *, follow: bool = False) -> "Source":
        """Return them as the job takes them. Raises ``UsageError``."""
        from concli.logs.formats.format import Reading  # noqa: PLC0415 - help must not wait for numpy
        from concli.logs.source import Source  # noqa: PLC0415

        reading = Reading(self.max_line, _zone(self.tz), _multiline(self.multiline))
        return Source(inputs, reading, self._formats(), self.encoding, self.year, follow)

    def _formats(self) -> tuple[Any, ...]:
        from concli.logs.formats.registry import all_formats, by_name  # noqa: PLC0415 - as above

        if self.format == "auto" and self.pattern is None and self.formats is None:
            return ()
        from concli.logs.formats.own import load_formats, pattern_format  # noqa: PLC0415 - as above, and start-up counts

        own = load_formats(self.formats) if self.formats else []
        if self.pattern is not None:
            if self.format != "auto":
                raise UsageError("--pattern and --format: give only one; each says what a line looks like")
            return (pattern_format(self.pattern),)
        if self.format != "auto":
            named = [own_format for own_format in own if own_format.name == self.format]
            return (named[0] if named else by_name(self.format),)
        names = {own_format.name for own_format in own}
        return (*own, *(built_in for built_in in all_formats() if built_in.name not in names))


class Choosing(NamedTuple):
    """The values of the options that choose entries."""

    levels: tuple[str, ...]
    min_level: str | None
    since: str | None
    until: str | None
    grep: tuple[re.Pattern[str], ...]
    exclude: tuple[re.Pattern[str], ...]
    where: str | None
    sample: str | None
    seed: int

    def plain(self) -> dict[str, object]:
        """Return them as they were typed."""
        patterns = {name: [one.pattern for one in getattr(self, name)] for name in ("grep", "exclude")}
        return {**self._asdict(), **patterns}

    def choice(self, tz: str | None, **more: Any) -> "Choice":
        """Return them, and what ``choose`` takes ``more``, as the job takes them. Raises ``UsageError``."""
        from concli.logs.choice.choice import Choice  # noqa: PLC0415 - as above

        given = {
            name: value
            for name, value in (self._asdict() | more).items()
            if value is not None and value is not False and value != ()
        }
        if given.keys() <= {"levels", "grep", "seed"}:
            return Choice(**given)  # and start-up counts
        from concli.logs.choice.options import choose  # noqa: PLC0415 - as above

        return choose(**given, zone=_zone(tz))


def reading_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say how logs are read; the command gets them as ``reading``, ``ReadingOptions``."""
    return _gathered(command, "reading", ReadingOptions, _READING)


def choosing_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that choose entries; the command gets them as ``choosing``, a ``Choosing``."""
    return _gathered(command, "choosing", Choosing, _CHOOSING)


def _gathered(command: Callable[..., Any], name: str, kind: type[Any], options: list[Any]) -> Callable[..., Any]:
    @wraps(command)
    def with_options(*arguments: Any, **values: Any) -> Any:
        gathered = kind(**{field: values.pop(field) for field in kind._fields})
        return command(*arguments, **{name: gathered}, **values)

    for option in reversed(options):
        option(with_options)
    return with_options


def _zone(name: str | None) -> Any:
    from datetime import datetime  # noqa: PLC0415 - as above
    from zoneinfo import ZoneInfo  # noqa: PLC0415

    if name is None:
        return None
    if name.lower() == "local":
        return datetime.now().astimezone().tzinfo
    try:
        return ZoneInfo("UTC" if name.upper() in {"Z", "UTC"} else name)
    except (ValueError, OSError, LookupError) as error:
        raise UsageError(f"--tz: there is no time zone {name!r}; write Europe/Berlin, UTC or local") from error


def _multiline(text: str) -> Any:
    if text in ("auto", "off"):
        return text
    try:
        return re.compile(text.encode("utf-8", "surrogateescape"))
    except re.error as error:
        raise UsageError(f"--multiline: {text!r} is neither auto nor off nor a regular expression: {error}") from error


_READING = [
    click.option(
        "--format",
        metavar="NAME",
        default="auto",
        show_default=True,
        help="What the lines look like; `concli logs formats` lists the names.",
    ),
    click.option(
        "--pattern",
        metavar="REGEX",
        help="A format by a regular expression with the groups timestamp, level, message; others become fields.",
    ),
    click.option("--formats", metavar="FILE", shell_complete=file_names, help="A TOML file with formats of your own."),
    click.option("--tz", metavar="ZONE", help="The time zone of timestamps that name none: Europe/Berlin, UTC, local."),
    click.option(
        "--year",
        type=click.IntRange(1, 9999),
        metavar="N",
        help="The year at the beginning of logs without one.  [default: by when the file was written]",
    ),
    click.option(
        "--multiline",
        metavar="auto|off|REGEX",
        default="auto",
        show_default=True,
        help="Which lines belong to the entry before: by the format, none, or all that do not match REGEX.",
    ),
    click.option("--encoding", metavar="NAME", default="utf-8", show_default=True, help="How the text is encoded."),
    click.option(
        "--max-line",
        metavar="SIZE",
        callback=byte_size,
        default="16MiB",
        show_default=True,
        help="Reject lines that are longer.",
    ),
]

_CHOOSING = [
    click.option(
        "--level", "levels", metavar="NAME", multiple=True, help="Keep entries of this level, any case; repeatable."
    ),
    click.option("--min-level", metavar="NAME", help="Keep entries of this level and above."),
    click.option(
        "--since", metavar="TIME", help='Keep entries from then on: 2026-11-22, "2026-11-22 10:00", "2h ago".'
    ),
    click.option("--until", metavar="TIME", help="Keep entries before then."),
    click.option("--grep", metavar="REGEX", multiple=True, callback=regex, help="Keep entries whose message matches."),
    click.option("--exclude", metavar="REGEX", multiple=True, callback=regex, help="Leave out those that match."),
    click.option(
        "--where", metavar="EXPR", help="Keep entries for which this holds: 'status >= 500 and path ~ \"^/api\"'."
    ),
    click.option("--sample", metavar="SHARE", help="Keep a share by chance: 1%, or 0.01."),
    seed_option,
]
