"""How chunks are parsed."""

from typing import NamedTuple

from concli.logs.choice.choice import Choice
from concli.logs.destination import Destination
from concli.logs.entries import COMMON
from concli.logs.formats.format import Reading
from concli.logs.render import FORMATS

__all__ = ["How"]


class How(NamedTuple):
    """How chunks are parsed, by all threads alike."""

    destination: Destination
    reading: Reading
    choice: Choice

    @property
    def shows_repeats_as_suffix(self) -> bool:
        """Whether an entry that stands for several says so in its message, as there are no fields to say it in."""
        return self.destination.to == "text"

    @property
    def keeps_entries(self) -> bool:
        """Whether the writer has to know the entries, and not only what is to be written of them."""
        return self.choice.dedup or self.choice.head is not None

    @property
    def is_for_base_parser(self) -> bool:
        """Whether the parser for the base format can do all that is asked for."""
        choice, destination = self.choice, self.destination
        return (
            destination.to in FORMATS
            and destination.columns in (None, COMMON)
            and destination.split_by is None
            and self.reading.multiline in ("auto", "off")
            and self.reading.zone is None
            and len(choice.grep) < 2
            and choice._replace(levels=(), grep=(), seed=0) == Choice()
        )
