"""A parser: from a chunk of any format to what is to be written, and the account of every line."""

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from concli.logs.base_parser import BaseParser
from concli.logs.chunk import Chunk
from concli.logs.formats.base import BASE
from concli.logs.how import How
from concli.logs.parsed import Parsed
from concli.logs.selection import Selection
from concli.logs.span import Span, chunks_of

if TYPE_CHECKING:
    from concli.logs.general_parser import GeneralParser

__all__ = ["Parser", "make_parser"]


def make_parser(how: How) -> Callable[[Chunk | Span], list[Parsed]]:
    """Return what parses a chunk, or those of a span, for one thread."""
    parser = Parser(how)
    return lambda unit: [parser.parse(chunk) for chunk in chunks_of(unit)]


class Parser:
    """Parses chunks, one after the other, for one thread.

    The base format has a parser of its own; the general one is made, and imported, for a chunk that needs it.
    """

    def __init__(self, how: How) -> None:
        self._how = how
        self._base: BaseParser | None = None
        if how.is_for_base_parser:
            self._base = BaseParser(
                how.destination.to,
                Selection(how.choice.levels, next(iter(how.choice.grep), None)),
                how.reading.max_line,
                joins=how.reading.joins(BASE.joins),
                keep_rejects=how.destination.rejects is not None,
            )

    @cached_property
    def general(self) -> "GeneralParser":
        """The parser for all that the base format's can't do."""
        from concli.logs.general_parser import GeneralParser  # noqa: PLC0415 - a third of the start-up

        return GeneralParser(self._how)

    def parse(self, chunk: Chunk) -> Parsed:
        """Scan, choose among and render the entries of ``chunk``."""
        if self._base and (chunk.format or BASE) is BASE:
            parsed = self._base.parse(chunk)
            if parsed:
                return parsed
        return self.general.parse(chunk)
