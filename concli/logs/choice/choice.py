"""What is asked for: which entries, and what of them."""

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from concli.logs.choice.moments import Moment
    from concli.logs.choice.secrets import Rule
    from concli.logs.choice.tree import Expression

__all__ = ["Choice"]

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
    since: "Moment | None" = None
    until: "Moment | None" = None
    grep: tuple[re.Pattern[str], ...] = ()
    exclude: tuple[re.Pattern[str], ...] = ()
    where: "Expression | None" = None
    moments: "tuple[tuple[bytes, Moment], ...]" = ()
    sample: float = 1.0
    seed: int = 0
    head: int | None = None
    dedup: bool = False
    fields: tuple[str, ...] | None = None
    redact: "tuple[Rule, ...]" = ()

    @property
    def names(self) -> frozenset[str]:
        """The names of fields that are used; one that no entry of a run has is worth a word to the user."""
        used = frozenset(self.fields or ())
        if self.where:
            from concli.logs.choice.tree import names_in  # noqa: PLC0415 - start-up counts

            used |= names_in(self.where)
        return used - _OF_ALL

    @property
    def keeps_all(self) -> bool:
        """Whether every entry is kept, apart from ``head`` and ``dedup``."""
        return self._replace(head=None, dedup=False, fields=None, redact=(), seed=0) == Choice()
