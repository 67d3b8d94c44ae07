"""The words of ``--stage``: what a stage calls, and how.

::

    KIND:TARGET [workers=N] [queue=N] [timeout=TIME] [retries=N] [name=WORD]

A target may hold such words itself. Only those at the very end of the text are options, each once, and not those
that a quote follows; a ``--`` ends the target: what comes before it is the target, whatever it looks like.

>>> parse_stage("py:steps:fetch workers=16 timeout=10s").target
'steps:fetch'
>>> parse_stage("sh:make workers=2 -- workers=8")[:4]
('sh', 'make workers=2', 'make', 8)
"""

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from concli.errors import UsageError
from concli.quantities import parse_seconds

__all__ = ["StageSpec", "parse_stage"]

_KINDS = ("py", "expr", "sh")
_OPTION = re.compile(r"(?:\A|\s+)(workers|queue|timeout|retries|name)=([^\s'\"`()]*)\Z")
_END = re.compile(r"(?:\A|\s+)--\Z")
_LONGEST_NAME = 16


class StageSpec(NamedTuple):
    """One stage as it was asked for. What is None is as the command has it by default; ``timeout`` is in seconds."""

    kind: str
    target: str
    name: str
    workers: int | None = None
    queue: int | None = None
    timeout: float | None = None
    retries: int | None = None
    stdin: bool = False


def parse_stage(text: str, *, stdin: bool = False) -> StageSpec:
    """Return what ``text`` asks for; ``stdin`` says that a command gets its items there. Raises ``UsageError``."""
    kind, colon, rest = text.strip().partition(":")
    if not colon or kind not in _KINDS:
        raise UsageError(f"--stage {text!r}: write py:MODULE:FUNCTION, expr:EXPRESSION or sh:COMMAND")
    target, words = _split(rest)
    if not target:
        raise UsageError(f"--stage {text!r}: there is nothing after {kind}:")
    options: dict[str, Any] = {}
    for key, value in words:
        if key in options:
            raise UsageError(f"--stage {text!r}: {key}= is there twice; if the first is no option, put -- behind it")
        try:
            options[key] = _READERS[key](value)
        except ValueError as error:
            raise UsageError(f"--stage {text!r}: {key}={value}: {error}") from None
    options.setdefault("name", _name(kind, target))
    return StageSpec(kind, target, stdin=stdin and kind == "sh", **options)


def _split(text: str) -> tuple[str, list[tuple[str, str]]]:
    """Return the target, and the options behind it in their order."""
    words: list[tuple[str, str]] = []
    left = text.rstrip()
    while match := _OPTION.search(left):
        words.append((match[1], match[2]))
        left = left[: match.start()].rstrip()
    return _END.sub("", left).strip(), words[::-1]


def _name(kind: str, target: str) -> str:
    """Return what the stage is called in tables: the function's name, the expression, the program."""
    name = target.rpartition(":")[2]
    if kind == "expr":
        name = target
    elif kind == "sh":
        name = re.sub(r"\W", "", target.split(maxsplit=1)[0].rpartition("/")[2]) or "sh"
    return name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"


def _whole(least: int) -> Callable[[str], int]:
    def read(value: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", value) or int(value) < least:
            raise ValueError(f"a whole number of at least {least} is needed")
        return int(value)

    return read


def _seconds(value: str) -> float:
    seconds = parse_seconds(f"{value}s" if value[-1:].isdecimal() else value)
    if not seconds:
        raise ValueError("a call takes some time")
    return seconds


def _word(value: str) -> str:
    if not value:
        raise ValueError("a name is needed")
    return value


_READERS: dict[str, Callable[[str], Any]] = {
    "workers": _whole(1),
    "queue": _whole(1),
    "retries": _whole(0),
    "timeout": _seconds,
    "name": _word,
}
