"""The looks that a format's lines may have, taken apart for all lines at once."""

from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from concli.logs.entries import NO_VALUE
from concli.logs.formats._word_table import WordTable
from concli.logs.formats._words import Cursor, Template, Text
from concli.logs.line_finder import Positions
from concli.logs.stamps import Place, Stamped, Stamper, Words, bytes_at

__all__ = ["Draft", "Layout", "Part", "Parts", "StepLayout", "Tools", "without_dashes"]


class Part(NamedTuple):
    """The places of a value, ``NO_VALUE`` where there is none."""

    starts: Positions
    ends: Positions


Parts = tuple[Part, Mapping[str, Part]]


class Draft(NamedTuple):
    """What a layout makes of lines; where it is ``lost``, it is for the expression to say."""

    lost: NDArray[np.bool_]
    stamped: Stamped
    levels: NDArray[np.uint8]
    messages: Part
    fields: Mapping[str, Part]


class Layout(Protocol):
    """One of the looks of a format's lines."""

    def heads(self, words: Words) -> NDArray[np.bool_]:
        """Tell from the first four words which lines may look so."""

    def take_apart(self, text: Text, starts: Positions, ends: Positions, words: Words, tools: "Tools") -> Draft:
        """Take lines apart, given their first four words."""


class Tools(NamedTuple):
    """What a layout works with, that remembers."""

    stamper: Stamper
    levels: WordTable


class StepLayout:
    """A layout that begins with a timestamp of fixed width, behind which the parts are found one after the other.

    ``steps`` moves a cursor, which knows ``patterns``, to the message, and returns the level and the fields.
    """

    def __init__(
        self, head: bytes, place: Place, patterns: tuple[bytes, ...], steps: Callable[[Cursor], Parts]
    ) -> None:
        self._width = len(head)
        self._template = Template(head)
        self._place, self._patterns, self._steps = place, patterns, steps

    def heads(self, words: Words) -> NDArray[np.bool_]:
        """Tell which lines begin with such a timestamp."""
        return self._template.fits(words)

    def take_apart(self, text: Text, starts: Positions, ends: Positions, words: Words, tools: Tools) -> Draft:
        """Take lines apart, given their first four words."""
        cursor = Cursor(text, np.minimum(starts + self._width, ends), ends, *self._patterns)
        level, fields = self._steps(cursor)
        if self._width <= 24 and np.array_equal(level.starts, starts + self._width):
            level_words = bytes_at(words, self._width)
        else:
            level_words = text.words(np.minimum(level.starts, ends))
        levels = tools.levels.find(level_words, level.ends - level.starts)
        cursor.lost |= levels == 0
        return Draft(cursor.lost, tools.stamper.stamps(words, self._place), levels, Part(cursor.places, ends), fields)


def without_dashes(text: Text, part: Part, ends: Positions) -> Part:
    """Return a part in which what is only a dash is no value."""
    is_dash = text.bytes[np.minimum(part.starts, ends)] == ord("-")
    is_dash &= part.ends - part.starts == 1
    if not is_dash.any():
        return part
    return Part(np.where(is_dash, NO_VALUE, part.starts), np.where(is_dash, NO_VALUE, part.ends))
