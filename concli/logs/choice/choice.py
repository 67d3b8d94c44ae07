"""What is asked for: which entries, and what of them."""

import re
from collections.abc import Iterable
from datetime import datetime, tzinfo
from typing import NamedTuple

from concli.errors import UsageError
from concli.logs.choice.expression import parse
from concli.logs.choice.levels import minimum_rank
from concli.logs.choice.moments import Moment, parse_moment
from concli.logs.choice.sampling import parse_share
from concli.logs.choice.secrets import Rule, parse_rules
from concli.logs.choice.tree import Expression, moments_in, names_in

__all__ = ["Choice", "choose"]

_OF_ALL = frozenset(["timestamp", "level", "message"])


class Choice(NamedTuple):
    """Which entries are kept, and in which shape, as ``choose`` makes it of options. It can be pickled.

    An entry is kept if it has any of ``levels`` and at least ``min_rank``, stands from ``since`` on and before
    ``until``, its message holds all of ``grep`` and none of ``exclude``, ``where`` holds for it, and it is in the
    ``sample``, a share of one that begins from ``seed``. Of those that are left the first ``head`` are kept, after
    repeats in a row have become one if ``dedup``. ``fields`` are the names of what is shown, in that order; None
    shows all. ``redact`` says what is hidden. ``moments`` are the times in ``where``, by how they are written.
    """

    levels: tuple[str, ...] = ()
    min_rank: int | None = None
    since: Moment | None = None
    until: Moment | None = None
    grep: tuple[re.Pattern[str], ...] = ()
    exclude: tuple[re.Pattern[str], ...] = ()
    where: Expression | None = None
    moments: tuple[tuple[bytes, Moment], ...] = ()
    sample: float = 1.0
    seed: int = 0
    head: int | None = None
    dedup: bool = False
    fields: tuple[str, ...] | None = None
    redact: tuple[Rule, ...] = ()

    @property
    def names(self) -> frozenset[str]:
        """The names of fields that are used; one that no entry of a run has is worth a word to the user."""
        used = (names_in(self.where) if self.where else frozenset()) | frozenset(self.fields or ())
        return used - _OF_ALL

    @property
    def keeps_all(self) -> bool:
        """Whether every entry is kept, apart from ``head`` and ``dedup``."""
        return self._replace(head=None, dedup=False, fields=None, redact=(), seed=0) == Choice()


def choose(
    *,
    levels: Iterable[str] = (),
    min_level: str | None = None,
    since: str | None = None,
    until: str | None = None,
    grep: Iterable[re.Pattern[str] | str] = (),
    exclude: Iterable[re.Pattern[str] | str] = (),
    where: str | None = None,
    fields: str | None = None,
    sample: str | None = None,
    head: int | None = None,
    dedup: bool = False,
    redact: Iterable[str] = (),
    seed: int = 0,
    zone: tzinfo | None = None,
    now: datetime | None = None,
) -> Choice:
    """Return the choice that options as they are typed describe.

    Times without an offset are in ``zone``; ``now``, with a zone, is by default what the clock says, in the local
    one. Raises ``UsageError``, one line that begins with the option.

    >>> choose(levels=["error"], fields="user,message", sample="1%").fields
    ('user', 'message')
    """
    now = now or datetime.now().astimezone()
    if head is not None and head < 0:
        raise UsageError(f"--head: {head} is less than nothing")
    expression = parse(where) if where is not None else None
    times = moments_in(expression) if expression else frozenset()
    return Choice(
        levels=tuple(levels),
        min_rank=minimum_rank(min_level) if min_level is not None else None,
        since=parse_moment(since, now, zone, "--since") if since is not None else None,
        until=parse_moment(until, now, zone, "--until") if until is not None else None,
        grep=tuple(_pattern(pattern, "--grep") for pattern in grep),
        exclude=tuple(_pattern(pattern, "--exclude") for pattern in exclude),
        where=expression,
        moments=tuple((text, parse_moment(_text(text), now, zone, "--where")) for text in sorted(times)),
        fields=_names(fields) if fields is not None else None,
        sample=parse_share(sample) if sample is not None else 1.0,
        seed=seed,
        head=head,
        dedup=dedup,
        redact=parse_rules(redact),
    )


def _pattern(pattern: re.Pattern[str] | str, option: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as error:
        raise UsageError(f"{option}: {pattern!r} is not a regular expression: {error}") from error


def _names(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    if not names:
        raise UsageError("--fields: no field is named; write message,user")
    return names


def _text(value: bytes) -> str:
    return value.decode("utf-8", "surrogateescape")
