"""A choice put into effect, by whoever parses chunks."""

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from concli.logs.choice.choice import Choice
from concli.logs.choice.head import first_of
from concli.logs.choice.levels import is_level_chosen
from concli.logs.choice.moments import compare
from concli.logs.choice.redaction import Redactor
from concli.logs.choice.sampling import sample
from concli.logs.choice.text_search import search
from concli.logs.choice.values import are_there, no_values, select, without
from concli.logs.choice.where import Where
from concli.logs.chunk import Chunk
from concli.logs.entries import COMMON, Entries, Scan

__all__ = ["Chooser"]


class Chooser:
    """Chooses among the entries of chunks and shapes them, for one thread.

    ``seen`` are those of the ``names`` used that an entry had until now, chosen or not; ``redacted`` says by rule
    how much was hidden. Without ``keeps_raw`` redacted entries have no ``raw``; nothing of it is let through.
    ``split_field`` is kept although it may not be shown, as that by which the entries are split.
    """

    def __init__(self, choice: Choice, *, keeps_raw: bool = True, split_field: str | None = None) -> None:
        self.seen: set[str] = set()
        self._choice = choice
        self._redactor = Redactor(choice.redact, keeps_raw=keeps_raw)
        moments = dict(choice.moments)
        self._where = Where(choice.where, moments.__getitem__) if choice.where else None
        split = () if split_field is None else (split_field,)
        self._names = choice.names.union(split).difference(COMMON)
        self._fields = None if choice.fields is None else (*choice.fields, *split)
        self._keeps_all = choice.keeps_all
        self._first = None if choice.dedup else choice.head

    @property
    def redacted(self) -> Counter[str]:
        """How often each rule hid something."""
        return self._redactor.counts

    def mask(self, scan: Scan, chunk: Chunk) -> NDArray[np.bool_]:
        """Tell which of a chunk's entries are kept. Of ``head`` only what a chunk alone can tell is heeded."""
        entries, choice = scan.entries, self._choice
        self._note_names(entries)
        keep = np.ones(entries.size, bool)
        if not self._keeps_all:
            self._choose(entries, keep)
            if self._where:
                keep = self._where.mask(entries, keep)
            search(entries.messages, choice.grep, keep, found=True)
            search(entries.messages, choice.exclude, keep, found=False)
            if choice.sample < 1:
                keep &= sample(entries.lines + chunk.first_line, chunk.name, choice.sample, choice.seed)
        return keep if self._first is None else first_of(keep, self._first)

    def shape(self, entries: Entries, keep: NDArray[np.bool_]) -> Entries:
        """Return the entries to keep, with what is to be hidden hidden and the fields that are to be shown.

        What is common to all entries and not to be shown, they then have no more.
        """
        shaped = entries if keep.all() else select(entries, keep)
        if self._choice.redact and shaped.size:
            shaped = self._redactor.redact(shaped)
        return shaped if self._fields is None else _with_fields(shaped, self._fields)

    def _choose(self, entries: Entries, keep: NDArray[np.bool_]) -> None:
        choice = self._choice
        if choice.levels or choice.min_rank is not None:
            chosen = [is_level_chosen(name, choice.levels, choice.min_rank) for name in entries.names]
            keep &= np.array(chosen, bool)[entries.levels]
        if choice.since or choice.until:
            keep &= are_there(entries.timestamps)
        if choice.since:
            keep &= compare(entries.timestamps, choice.since) >= 0
        if choice.until:
            keep &= compare(entries.timestamps, choice.until) < 0

    def _note_names(self, entries: Entries) -> None:
        for name in self._names - self.seen:
            column = entries.fields.get(name)
            if column is not None and are_there(column).any():
                self.seen.add(name)


def _with_fields(entries: Entries, names: tuple[str, ...]) -> Entries:
    nothing = no_values(entries.size)
    entries = entries._replace(fields={name: entries.fields.get(name, nothing) for name in names if name not in COMMON})
    for name in COMMON:
        if name not in names:
            entries = without(entries, name)
    return entries
