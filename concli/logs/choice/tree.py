"""What an expression of ``--where`` is: a tree of conditions."""

import re
from dataclasses import dataclass
from typing import TypeAlias

__all__ = [
    "All",
    "Any",
    "Comparison",
    "Expression",
    "Has",
    "Literal",
    "Match",
    "Name",
    "Not",
    "OneOf",
    "moments_in",
    "names_in",
]


@dataclass(frozen=True, slots=True)
class Name:
    """The value that an entry has under this name."""

    name: str


@dataclass(frozen=True, slots=True)
class Literal:
    """A value that is given; ``number`` is what it is as a number, if it is not between quotes."""

    text: bytes
    number: int | float | None = None
    place: int = 0


@dataclass(frozen=True, slots=True)
class Comparison:
    """Holds if ``left`` is to ``right`` as ``operator`` says: ``== != < <= > >=``."""

    left: Name | Literal
    operator: str
    right: Name | Literal


@dataclass(frozen=True, slots=True)
class Match:
    """Holds if the pattern is found, or is not if it is ``negated``."""

    name: str
    pattern: re.Pattern[str]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class OneOf:
    """Holds if the value equals one of ``values``, or none if it is ``negated``."""

    name: str
    values: tuple[Literal, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Has:
    """Holds if there is a value."""

    name: str


@dataclass(frozen=True, slots=True)
class Not:
    """Holds if ``part`` does not."""

    part: "Expression"


@dataclass(frozen=True, slots=True)
class All:
    """Holds if all parts do."""

    parts: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Any:
    """Holds if any part does."""

    parts: tuple["Expression", ...]


Expression: TypeAlias = Comparison | Match | OneOf | Has | Not | All | Any


def names_in(expression: Expression) -> frozenset[str]:
    """Return the names that an expression uses."""
    if isinstance(expression, All | Any):
        return frozenset().union(*map(names_in, expression.parts))
    if isinstance(expression, Not):
        return names_in(expression.part)
    if isinstance(expression, Comparison):
        return frozenset(side.name for side in (expression.left, expression.right) if isinstance(side, Name))
    return frozenset([expression.name])


def moments_in(expression: Expression) -> frozenset[bytes]:
    """Return what timestamps are compared with in an expression, as it is written."""
    if isinstance(expression, All | Any):
        return frozenset().union(*map(moments_in, expression.parts))
    if isinstance(expression, Not):
        return moments_in(expression.part)
    timestamp = Name("timestamp")
    if isinstance(expression, OneOf) and expression.name == timestamp.name:
        return frozenset(value.text for value in expression.values)
    if isinstance(expression, Comparison):
        for one, other in ((expression.left, expression.right), (expression.right, expression.left)):
            if one == timestamp and isinstance(other, Literal):
                return frozenset([other.text])
    return frozenset()
