"""The levels of the logging systems that are in use, and their order."""

from collections.abc import Iterable

from concli.errors import UsageError

__all__ = ["RANKS", "is_level_chosen", "minimum_rank", "rank_of", "same_level"]

_GROUPS = (
    "trace trc finest finer verbose vrb t v",
    "debug dbg fine debug1 debug2 debug3 debug4 debug5 d",
    "config",
    "info inf information informational log i",
    "notice ntc note n",
    "warning warn wrn w",
    "error err severe e",
    "critical crit crt fatal ftl f c",
    "alert a",
    "emergency emerg panic",
)

#: The rank of each level that is known, by its name in lower case: the higher, the worse. Names of one rank mean
#: the same.
RANKS: dict[str, int] = {name: rank for rank, names in enumerate(_GROUPS) for name in names.split()}


def rank_of(name: str) -> int | None:
    """Return the rank of a level, in any case; None if it is not a known one.

    >>> rank_of("WARN") == rank_of("warning") < rank_of("Fatal")
    True
    """
    return RANKS.get(name.lower())


def minimum_rank(name: str, option: str = "--min-level") -> int:
    """Return the rank of a level that is known. Raises ``UsageError`` with all names there are if it is not."""
    rank = rank_of(name)
    if rank is None:
        names = " < ".join("/".join(word for word in group.split() if len(word) > 1) for group in _GROUPS)
        raise UsageError(f"{option}: {name!r} is not a known level; there are {names}")
    return rank


def same_level(name: str, other: str) -> bool:
    """Tell whether two names, in any case, mean the same level."""
    name, other = name.lower(), other.lower()
    return name == other or (name in RANKS and RANKS[name] == RANKS.get(other))


def is_level_chosen(name: bytes, levels: Iterable[str], minimum: int | None) -> bool:
    """Tell whether a level means any of ``levels`` (none stands for all) and has at least the rank ``minimum``.

    A level that is not known has no rank, and ``b""`` is the level of what has none: neither reaches a minimum.
    """
    if minimum is None and not levels:
        return True
    text = name.decode("utf-8", "surrogateescape").lower()
    if minimum is not None and RANKS.get(text, -1) < minimum:
        return False
    return not levels or any(same_level(text, level) for level in levels)
