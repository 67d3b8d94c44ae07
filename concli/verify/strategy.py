"""Who goes on at each switch point: by chance, by priorities that change a few times, or all in turn.

A strategy is asked ``begin()`` before each schedule (False: there is none left), ``choose(…)`` at each
choice in it, and told ``end()`` afterwards. An option is a number, ``4 * thread + how``: how is 0 to go
on, 1 for its timeout to fire, 2 for an interrupt, 3 for a spurious wakeup. The first ``ready``
options are of kind 0, the rest are the others; if ``can_stay`` the first is to go on with the thread that runs.
"""

from collections.abc import Sequence
from random import Random as _Source
from typing import Protocol

__all__ = ["Dfs", "Follow", "Pct", "Random", "Strategy", "make_strategy"]


class Strategy(Protocol):
    """How schedules are chosen."""

    name: str
    is_exhausted: bool  # every schedule within its bound has been run

    def begin(self) -> bool:
        """Begin a schedule; False if there is none left."""
        ...

    def choose(self, options: list[int], ready: int, can_stay: bool) -> int:
        """Return the index of the option to take."""
        ...

    def end(self) -> None:
        """End a schedule."""
        ...


class Random:
    """Each option is as likely as each other, from the same seed always in the same order."""

    is_exhausted = False

    def __init__(self, seed: int) -> None:
        self.name = "random"
        self._draw = _Source(seed).random  # noqa: S311 - nothing secret

    def begin(self) -> bool:
        """Begin a schedule; False if there is none left."""
        return True

    def choose(self, options: list[int], ready: int, can_stay: bool) -> int:  # noqa: ARG002 - the protocol
        """Return the index of the option to take."""
        return int(self._draw() * len(options))

    def end(self) -> None:
        """Keep nothing."""


class Pct:
    """Threads have priorities drawn by chance, and ``depth - 1`` times the one that runs falls behind all.

    Finds a bug of that depth among n threads and k steps with probability 1/(n·k^(depth-1)) or better.
    A timeout or fault has a priority of its own, as if a thread brought it. Source: Burckhardt et al. 2010,
    "A randomized scheduler with probabilistic guarantees of finding bugs".
    """

    is_exhausted = False

    def __init__(self, seed: int, depth: int = 3) -> None:
        if depth < 1:
            raise ValueError("'depth' must be positive")
        self.name = f"pct {depth}"
        self._source = _Source(seed)  # noqa: S311 - nothing secret
        self._depth = depth
        self._longest = 20  # choices in a schedule, as far as known

    def begin(self) -> bool:
        """Begin a schedule; False if there is none left."""
        self._longest = max(self._longest, getattr(self, "_step", 0))
        self._step = 0
        self._priorities: dict[int, float] = {}
        source = self._source
        self._changes = {source.randrange(self._longest): -i for i in range(1, self._depth)}
        return True

    def choose(self, options: list[int], ready: int, can_stay: bool) -> int:  # noqa: ARG002 - the protocol
        """Return the index of the option to take."""
        priorities = self._priorities
        for option in options:
            if option not in priorities:
                priorities[option] = self._source.random()
        best = max(options, key=priorities.__getitem__)
        if self._step in self._changes:
            priorities[best] = self._changes[self._step]
            best = max(options, key=priorities.__getitem__)
        self._step += 1
        return options.index(best)

    def end(self) -> None:
        """Do nothing: what there is to do is done when the next begins."""


class Dfs:
    """Every schedule with at most ``bound`` preemptions, depth first; ``None`` for all there are.

    Those with none come first, then those with at most one, and so on: what is found is as simple as can be
    (and a few schedules are run again; that is a small part of the whole).

    A timeout or a fault that comes while somebody could go on counts as a preemption. Source: Musuvathi
    and Qadeer 2007, "Iterative context bounding for systematic testing of multithreaded programs".
    """

    def __init__(self, bound: int | None = 2) -> None:
        self.name = "dfs" if bound is None else f"dfs {bound}"
        self.is_exhausted = False
        self._last_bound = bound
        self._bound = None if bound is None else 0
        # One for each choice of the schedule at hand: [options, taken, cost before, from which index on it costs].
        self._stack: list[list[int]] = []
        self._at = self._spent = 0
        self._was_bounded = False  # something has been left out because of the bound

    def begin(self) -> bool:
        """Begin a schedule; False if there is none left."""
        self._at = self._spent = 0
        return not self.is_exhausted

    def choose(self, options: list[int], ready: int, can_stay: bool) -> int:
        """Return the index of the option to take."""
        if self._at == len(self._stack):
            free = 1 if can_stay else ready or len(options)
            self._stack.append([len(options), 0, self._spent, free])
        level = self._stack[self._at]
        if level[0] != len(options):
            raise RuntimeError("the code under test does not do the same again with the same schedule")
        self._at += 1
        if level[1] >= level[3]:
            self._spent += 1
        return level[1]

    def end(self) -> None:
        """Find the next schedule."""
        stack = self._stack
        del stack[self._at :]
        while stack:
            options, taken, spent, free = stack[-1]
            taken += 1
            if taken < options:
                if taken < free or self._bound is None or spent < self._bound:
                    stack[-1][1] = taken
                    return
                self._was_bounded = True
            stack.pop()
        if self._bound == self._last_bound or not self._was_bounded:
            self.is_exhausted = True
        elif self._bound is not None:
            self._bound += 1
            self._was_bounded = False


class Follow:
    """The decisions given, as far as they fit, and then whoever runs goes on."""

    is_exhausted = False

    def __init__(self, decisions: Sequence[int]) -> None:
        self.name = "follow"
        self._decisions = decisions

    def begin(self) -> bool:
        """Begin a schedule; False if there is none left."""
        self._at = 0
        return True

    def choose(self, options: list[int], ready: int, can_stay: bool) -> int:  # noqa: ARG002 - the protocol
        """Return the index of the option to take."""
        at = self._at
        self._at = at + 1
        choice = self._decisions[at] if at < len(self._decisions) else 0
        return choice if choice < len(options) else 0

    def end(self) -> None:
        """Do nothing: there is one schedule only."""


def make_strategy(name: str, seed: int = 0) -> Strategy:
    """Return the strategy called ``random``, ``pct`` or ``dfs``, the last two with a number or not: ``"pct 5"``."""
    kind, _, number = name.partition(" ")
    if kind == "random":
        return Random(seed)
    if kind == "pct":
        return Pct(seed, int(number or 3))
    if kind == "dfs":
        return Dfs(None if number == "all" else int(number or 2))
    raise ValueError(f"no strategy is called {name!r}: take 'random', 'pct' or 'dfs'")
