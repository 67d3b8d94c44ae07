"""From options as they are typed to a choice."""

import re
from collections.abc import Iterable
from datetime import datetime, tzinfo

from concli.errors import UsageError
from concli.logs.choice.choice import Choice
from concli.logs.choice.expression import parse
from concli.logs.choice.levels import minimum_rank
from concli.logs.choice.moments import parse_moment
from concli.logs.choice.secrets import parse_rules
from concli.logs.choice.tree import moments_in
from concli.quantities import parse_share

__all__ = ["choose"]


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
        sample=_share(sample) if sample is not None else 1.0,
        seed=seed,
        head=head,
        dedup=dedup,
        redact=parse_rules(redact),
    )


def _share(text: str) -> float:
    try:
        return parse_share(text)
    except ValueError as error:
        raise UsageError(f"--sample: {error}") from error


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
