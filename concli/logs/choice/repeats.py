"""Repeats in a row made one: within a chunk by whoever parses it, across chunks by whoever writes them."""

import hashlib
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from concli.logs.choice.values import keep_repeated, no_values, select, texts, with_values
from concli.logs.entries import NO_VALUE, Column, Entries
from concli.logs.line_finder import Positions

__all__ = ["REPEATED", "Joiner", "Run", "Runs", "runs_of", "with_counts"]

#: The name of the field with the number of entries that one stands for, if there are more than one.
REPEATED = "repeated"


class Run(NamedTuple):
    """Entries in a row that are the same but for their timestamps: the first of them, alone, and how many.

    ``entry`` has memory of its own, so that it outlives its chunk. ``identity`` is what they have in common.
    """

    entry: Entries
    times: int
    identity: bytes


class Runs(NamedTuple):
    """The runs of a chunk. What a run at the edge becomes is known when the chunk beside it is.

    ``middle`` is one entry, with its count, for each run between the first and the last, ready to be rendered.
    If there is only one run it is ``first``, and there is no ``last``; without entries there is neither.
    ``runs`` is how many there are and ``entries`` of how many entries.
    """

    first: Run | None
    middle: Entries
    last: Run | None
    runs: int
    entries: int


def runs_of(entries: Entries, *, as_suffix: bool = False) -> Runs:
    """Return the runs of a chunk's entries; for ``as_suffix`` see ``with_counts``."""
    heads = np.flatnonzero(~_are_repeats(entries))
    counts = np.diff(heads, append=entries.size)
    middle = with_counts(select(entries, heads[1:-1]), counts[1:-1], as_suffix=as_suffix)
    first = _run(entries, heads[0], counts[0]) if len(heads) else None
    last = _run(entries, heads[-1], counts[-1]) if len(heads) > 1 else None
    return Runs(first, middle, last, len(heads), entries.size)


def _are_repeats(entries: Entries) -> NDArray[np.bool_]:
    """Tell which entries are the same as the one before but for the timestamp."""
    same = np.zeros(entries.size, bool)
    same[1:] = entries.levels[1:] == entries.levels[:-1]
    for column in (entries.messages, *entries.fields.values()):
        keep_repeated(column, same)
    return same


def _run(entries: Entries, head: np.int64, count: np.int64) -> Run:
    entry = _alone(entries, int(head))
    # A column of the chunk in which this entry has no value is no part of what the entry is.
    fields = sorted((name, column.value(0)) for name, column in entry.fields.items() if column.starts[0] >= 0)
    what = (entry.names[entry.levels[0]], entry.messages.value(0), fields)
    return Run(entry, int(count), hashlib.blake2b(repr(what).encode(), digest_size=20).digest())


def _alone(entries: Entries, number: int) -> Entries:
    """Return one entry in memory of its own."""

    def copied(column: Column) -> Column:
        value = column.value(number)
        if value is None:
            return no_values(1)._replace(kind=column.kind)
        return Column(value, np.zeros(1, np.int64), np.array([len(value)]), column.kind)

    return Entries(
        lines=entries.lines[number : number + 1].copy(),
        raw=copied(entries.raw),
        timestamps=copied(entries.timestamps),
        levels=entries.levels[number : number + 1].copy(),
        names=list(entries.names),
        messages=copied(entries.messages),
        fields={name: copied(column) for name, column in entries.fields.items()},
    )


def with_counts(entries: Entries, counts: Positions, *, as_suffix: bool = False) -> Entries:
    """Return the entries with how many each stands for, if several, in a field or ``as_suffix`` of the message."""
    many = np.flatnonzero(counts > 1)
    if not as_suffix:
        numbers = [b"%d" % count for count in counts[many].tolist()]
        numbered = with_values(no_values(entries.size)._replace(kind="number"), many, numbers)
        return entries._replace(fields={**entries.fields, REPEATED: numbered})
    if not many.size:
        return entries

    there = entries.messages.starts[many] != NO_VALUE
    messages = [text.encode("utf-8", "surrogateescape") for text in texts(entries.messages, many[there])]
    counted = zip(messages, counts[many[there]].tolist(), strict=True)
    suffixed = [b"%s [repeated %d times]" % pair for pair in counted]
    return entries._replace(messages=with_values(entries.messages, many[there], suffixed))


class Joiner:
    """Joins the runs of chunks, in their order. For one thread, the writer's.

    ``written`` and ``repeats`` count entries; what is held back until the next chunk is counted in neither.
    """

    def __init__(self, *, as_suffix: bool = False) -> None:
        self.written = 0
        self.repeats = 0
        self._as_suffix = as_suffix
        self._held: Run | None = None

    @property
    def held(self) -> int:
        """The number of entries that are held back."""
        return self._held.times if self._held else 0

    def push(self, runs: Runs) -> list[Entries]:
        """Return what is to be written before the ``middle`` of these runs, which is to be written next."""
        if runs.first is None:
            return []
        done = []
        first = runs.first
        if self._held and self._held.identity == first.identity:
            first = self._held._replace(times=self._held.times + first.times)
        elif self._held:
            done.append(self._emit(self._held))
        if runs.last is None:
            self._held = first
            return done
        done.append(self._emit(first))
        self._held = runs.last
        self.written += runs.middle.size
        self.repeats += runs.entries - runs.runs - (runs.first.times - 1) - (runs.last.times - 1)
        return done

    def flush(self) -> list[Entries]:
        """Return what is to be written at the end."""
        held, self._held = self._held, None
        return [self._emit(held)] if held else []

    def _emit(self, run: Run) -> Entries:
        self.written += 1
        self.repeats += run.times - 1
        return with_counts(run.entry, np.array([run.times]), as_suffix=self._as_suffix)
