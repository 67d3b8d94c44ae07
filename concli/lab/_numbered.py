"""Numbered items, and whether each that was produced is consumed once and in order, in constant memory.

The items of producer p of n are p, p + n, p + 2n and so on. Each consumer keeps the last it has seen of
every producer, which only grows if the order is kept and nothing comes twice to the same consumer; that
nothing is lost, or comes to two consumers, shows in the number and the sum of all.
"""

from collections.abc import Iterable, Sequence
from operator import lt

from concli.metrics import Check

__all__ = ["END", "Tally", "check_items"]

#: What is put where there is no other way to say that nothing more will come.
END = -1


_TOGETHER = 1024  # items


class Tally:
    """What one consumer has seen. Its thread alone writes to it."""

    __slots__ = ("_items", "_last", "_total", "_wrong", "see", "see_all")

    def __init__(self, producers: int) -> None:
        self._last = list(range(-producers, 0))  # one before each producer's first
        self._total = 0
        self._wrong = ""
        # Only put down: to look at an item takes longer than many a queue needs to hand it over.
        self._items: list[int] = []
        self.see = self._items.append
        self.see_all = self._items.extend

    @property
    def last(self) -> list[int]:
        """The last item of each producer."""
        self._look_at_all()
        return self._last

    @property
    def total(self) -> int:
        """The sum of all items."""
        self._look_at_all()
        return self._total

    @property
    def wrong(self) -> str:
        """What came out of order, "" for nothing."""
        self._look_at_all()
        return self._wrong

    def look(self) -> None:
        """Look at the items seen since the last time, if they are many."""
        if len(self._items) >= _TOGETHER:
            self._look_at_all()

    def _look_at_all(self) -> None:
        items, last = self._items, self._last
        if len(last) > 1 or not all(map(lt, [*last, *items], items)):
            self._look_at_each()
        elif items:
            last[0] = items[-1]
        self._total += sum(items)
        items.clear()

    def _look_at_each(self) -> None:
        last, producers = self._last, len(self._last)
        for item in self._items:
            producer = item % producers
            if item <= last[producer]:
                self._wrong = self._wrong or f"item {item} of producer {producer + 1} came after {last[producer]}"
            last[producer] = item


def check_items(
    tallies: Sequence[Tally],
    produced: Sequence[int],
    consumed: int,
    left: Sequence[int],
    *,
    uncertain: int = 0,
    left_last: bool = True,
) -> Iterable[Check]:
    """Compare what each producer says it has put with what was consumed and what was ``left`` inside.

    ``uncertain`` items may be in the hands of threads that were cut short in the midst of an operation.
    With ``left_last`` what was left comes behind all that was consumed; else it was taken out meanwhile.
    """
    wrong = next((tally.wrong for tally in tallies if tally.wrong), "")
    if not wrong:
        tally = Tally(len(produced))
        if left_last:
            tally.last[:] = [max(lasts) for lasts in zip(*(tally.last for tally in tallies), strict=True)]
        tally.see_all(left)
        wrong = tally.wrong
    yield Check("in order per producer", not wrong, wrong or f"{consumed:,} items, {len(produced)} producers")
    count = sum(produced)
    there = consumed + len(left)
    if uncertain:
        detail = f"{count:,} produced, {there:,} consumed or left, up to {uncertain:,} cut short in the midst"
        yield Check("every item once", abs(count - there) <= uncertain, detail)
        return
    wanted = sum(len(produced) * of * (of - 1) // 2 + producer * of for producer, of in enumerate(produced))
    total = sum(tally.total for tally in tallies) + sum(left)
    detail = f"{count:,} produced, {consumed:,} consumed, {len(left):,} left"
    if count == there and total != wanted:
        detail += "; some came twice and others not at all"
    yield Check("every item once", count == there and total == wanted, detail)
