"""What is most frequent among any number of things, in bounded memory.

Counts are exact as long as there are few enough different things. With more, those that are rare are let go
of, by the rule of Misra and Gries ("Finding repeated elements", 1982), whose counts of several threads can be
put together (Agarwal et al., "Mergeable summaries", 2012): as much is taken from every count as leaves the
largest ``capacity``, and ``error`` is how much that has been in all. A thing's true count is at least that
which is known of it, and at most ``error`` more.
"""

from collections.abc import Hashable, Mapping
from typing import Generic, TypeVar

__all__ = ["Frequent"]

Key = TypeVar("Key", bound=Hashable)


class Frequent(Generic[Key]):
    """Counts of the most frequent things: at least ``capacity`` of them, and fewer than twice as many and one.

    >>> counts = Frequent(2)
    >>> for thing in "abacadaeaf":
    ...     counts.add({thing: 1})
    >>> counts.most_common(1), counts.error, counts.total
    ([('a', 4)], 1, 10)
    """

    def __init__(self, capacity: int) -> None:
        self.counts: dict[Key, int] = {}
        self.total = 0
        self.error = 0
        self._capacity = capacity

    @property
    def is_exact(self) -> bool:
        """Whether nothing has been let go of."""
        return not self.error

    @property
    def other(self) -> int:
        """How many of all counted are in none of the counts."""
        return self.total - sum(self.counts.values())

    def add(self, counts: Mapping[Key, int]) -> None:
        """Add counts of things, known or not."""
        known, mine = self.counts.get, self.counts
        for key, count in counts.items():
            mine[key] = known(key, 0) + count
        self.total += sum(counts.values())
        if len(mine) > 2 * self._capacity:
            self._let_go()

    def merge(self, other: "Frequent[Key]") -> None:
        """Add what another has counted, which is left as it is."""
        self.error += other.error
        lost = other.other
        self.add(other.counts)
        self.total += lost

    def most_common(self, count: int) -> list[tuple[Key, int]]:
        """Return the largest counts, of equal ones first that of the smaller thing, if things have an order."""
        order: list[tuple[Key, int]] = sorted(self.counts.items(), key=lambda item: (-item[1], item[0]))
        return order[:count]

    def _let_go(self) -> None:
        less = sorted(self.counts.values(), reverse=True)[self._capacity]
        self.counts = {key: count - less for key, count in self.counts.items() if count > less}
        self.error += less
