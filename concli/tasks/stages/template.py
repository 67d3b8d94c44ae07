r"""A command with places for an item, made into the words that run it.

==========  =====================================================
``{}``      the item
``{.}``     without its extension
``{/}``     without its folder
``{//}``    its folder
``{/.}``    without both
==========  =====================================================

A command of plain words is run as it is, without a shell. Any other is run by ``sh`` and gets the item as a
parameter: where ``{}`` stood, the script says ``"$1"``. So the item is never a part of what the shell reads, and
nothing in it can be taken for a command. ``{}`` may stand between the user's own quotes of either kind. (A command
that interprets its arguments in turn, such as ``sh -c 'echo {}'``, is on its own: write ``sh -c 'echo "$0"' {}``.)

>>> Template("wc -l 'my {}'").words("a b")
['wc', '-l', 'my a b']
>>> Template("echo '{}' > {.}.txt").words("it's.md")
['sh', '-c', 'echo \'\'"$1"\'\' > "$2".txt', 'sh', "it's.md", "it's"]
>>> Template("echo '{}' > {.}.txt").shown("a.md")
"echo ''a.md'' > a.txt"
"""

import os
import re
import shlex
import shutil
from collections.abc import Callable
from typing import NamedTuple

from concli.errors import UsageError

__all__ = ["Template"]

_PLACE = re.compile(r"\{(?:|\.|/|//|/\.)\}")
_NUMBER = re.compile(r"(?<!\$)\{#\}")
# What a shell would take as it is, but for parting it into words. Not =: it may be an assignment.
_PLAIN = re.compile(r"""(?:[\w@%+:,./ \t-]|(?<=[\w-])=|'[^'\n]*'|"[^"$`\\\n]*")*""")
# What changes the meaning of what follows, in a script.
_MARK = re.compile(_PLACE.pattern + r"""|\\.|\$\(|\$\{|(?<!<)<<(?!<)|(?:(?<=[\s;&|(])|\A)#[^\n]*|['"`()}]""", re.DOTALL)
_QUOTES = ("'", '"')
_CLOSING = {"'": "'", '"': '"', "`": "`", "$(": ")", "(": ")", "${": "}"}

_FORMS: dict[str, Callable[[str], str]] = {
    "{}": lambda item: item,
    "{.}": lambda item: os.path.splitext(item)[0],
    "{/}": os.path.basename,
    "{//}": lambda item: os.path.dirname(item) or ".",
    "{/.}": lambda item: os.path.splitext(os.path.basename(item))[0],
}


class _Quoting(NamedTuple):
    """How a place is written where quotes of a kind are open: in the script, and with the item itself."""

    script: str
    shown: str


_OPEN = {"": _Quoting('"${}"', "{}"), "'": _Quoting("'\"${}\"'", "'{}'"), '"': _Quoting("${{{}}}", '"{}"')}


class _Part(NamedTuple):
    """Text of the user's, or a place and the quotes it stands in."""

    text: str
    quotes: str | None = None


class Template:
    """A command; without a place, the item is its last word unless ``appends`` is false. Raises ``UsageError``."""

    def __init__(self, text: str, *, appends: bool = True) -> None:
        if _NUMBER.search(text):
            raise UsageError(f"sh:{text}: there is no {{#}}; give the number with the item")
        if "\0" in text:
            raise UsageError("sh: a command can't have a NUL character")
        if appends and not _PLACE.search(text):
            text += " {}"
        self._parts = _parts(text)
        self._words = _plain_words(text)
        places = list(dict.fromkeys(part.text for part in self._parts if part.quotes is not None))
        self._forms = [_FORMS[place] for place in places]
        numbers = {place: number for number, place in enumerate(places, 1)}
        self._script = "".join(
            part.text if part.quotes is None else _OPEN[part.quotes].script.format(numbers[part.text])
            for part in self._parts
        )
        #: What is executed.
        self.program = (self._words and shutil.which("".join(self._words[0]))) or "/bin/sh"

    def words(self, item: str) -> list[str]:
        """Return the arguments of the program for ``item``, its name first."""
        if self._words:
            return ["".join([_FORMS[part](item) if part in _FORMS else part for part in word]) for word in self._words]
        return ["sh", "-c", self._script, "sh", *(form(item) for form in self._forms)]

    def shown(self, item: str) -> str:
        """Return the command line with ``item`` in it, quoted as one would have to write it."""
        return "".join(
            part.text
            if part.quotes is None
            else _OPEN[part.quotes].shown.replace("{}", shlex.quote(_FORMS[part.text](item)))
            for part in self._parts
        )


def _plain_words(text: str) -> list[list[str]]:
    """Return the words of a command that needs no shell, each in pieces with the places apart; else none."""
    if not _PLAIN.fullmatch(_PLACE.sub("x", text)):
        return []
    words = shlex.split(text)
    # A builtin, an assignment or something that is not there is for the shell, also to say so.
    if not words or _PLACE.search(words[0]) or "=" in words[0] or shutil.which(words[0]) is None:
        return []
    return [[piece for piece in re.split(f"({_PLACE.pattern})", word) if piece] or [""] for word in words]


def _parts(text: str) -> list[_Part]:
    """Return the pieces of a script, each place with the quotes that are open there."""
    parts: list[_Part] = []
    opened = [""]  # what is open, the outermost first: a quote, or how a command or a parameter in the text begins
    written = at = 0
    in_document = False
    while mark := _MARK.search(text, at):
        sign, inner, at = mark[0], opened[-1], mark.end()
        is_bare = inner not in _QUOTES
        if sign in _FORMS:
            if in_document or "`" in opened or "${" in opened:
                where = "a here-document; use --stdin" if in_document else "`…` or ${…}; use $(…)"
                raise UsageError(f"sh:{text}: {sign} can't stand in {where}")
            parts += [_Part(text[written : mark.start()]), _Part(sign, "" if is_bare else inner)]
            written = at
        elif sign == _CLOSING.get(inner):
            opened.pop()
        elif inner == "'" or (sign[0] == "#" and not is_bare):
            at = mark.start() + 1  # it means nothing here, but what is in it may
        elif sign in ('"', "`", "$(", "${") or (is_bare and sign in ("'", "(")):
            opened.append(sign)
        elif sign == "<<" and len(opened) == 1:
            in_document = True
    return [*parts, _Part(text[written:])]
