"""What an expression may call, and its operators: bounded, so that no expression can take for ever or all memory.

Numbers have at most ``MOST_BITS`` bits, so that each can be written; repeated, replaced or joined texts at most
``MOST_CHARACTERS`` characters. Lists can't be repeated: nested in each other they would be endless to write.
"""

import operator
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

__all__ = ["FUNCTIONS", "MOST_BITS", "MOST_CHARACTERS", "OPERATORS", "compare", "number", "number_if_it_is_one"]

MOST_BITS = 14_000
MOST_CHARACTERS = 1_000_000
_MOST_DIGITS = 400  # no float has more before or behind its point
_NUMBER = re.compile(r"\s*[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?\s*", re.ASCII)


def number_if_it_is_one(value: Any) -> Any:
    """Return a text that is a number as that number, and anything else as it is.

    >>> number_if_it_is_one("12"), number_if_it_is_one("1e3"), number_if_it_is_one("a1")
    (12, 1000.0, 'a1')
    """
    if not isinstance(value, str) or not _NUMBER.fullmatch(value):
        return value
    return int(value) if value.strip().lstrip("+-").isdigit() else float(value)


def number(value: Any) -> Any:
    """Return a number, also from a text that is one. Raises ``TypeError`` for what is none."""
    found = number_if_it_is_one(value)
    if isinstance(found, str):
        raise TypeError(f"{found[:40]!r} is not a number")
    return found


def _lenient(apply: Callable[..., Any]) -> Callable[..., Any]:
    """Have texts that are numbers count as those, where ``apply`` has no meaning for texts."""

    def applied(*values: Any) -> Any:
        try:
            return apply(*values)
        except TypeError:
            if not any(isinstance(value, str) for value in values):
                raise
            return apply(*map(number, values))

    return applied


def _bounded_bits(bits: int) -> None:
    if bits > MOST_BITS:
        raise OverflowError(f"the number would have more than {MOST_BITS} bits")


def _bounded_text(characters: int) -> None:
    if characters > MOST_CHARACTERS:
        raise OverflowError(f"the text would have more than {MOST_CHARACTERS} characters")


def _times(left: Any, right: Any) -> Any:
    if isinstance(left, int) and isinstance(right, int):
        _bounded_bits(left.bit_length() + right.bit_length())
    for one, other in ((left, right), (right, left)):
        if isinstance(one, Sequence):
            if not isinstance(one, str):
                raise TypeError("only texts and numbers can be multiplied")
            if isinstance(other, int):
                _bounded_text(len(one) * other)
    return left * right


def _power(left: Any, right: Any) -> Any:
    if isinstance(left, int) and isinstance(right, int) and abs(left) > 1:
        _bounded_bits(left.bit_length() * right)
    return left**right


def _shifted(left: Any, right: Any) -> Any:
    if isinstance(left, int) and isinstance(right, int):
        _bounded_bits(left.bit_length() + right)
    return left << right


def _remainder(left: Any, right: Any) -> Any:
    if isinstance(left, bytes):
        raise TypeError("bytes are no number")
    if isinstance(left, str):  # never a format, whose widths have no bounds
        left = number(left)
    return left % right


#: By the name of the class in ``ast``.
OPERATORS: dict[str, Callable[..., Any]] = {
    "Mult": _lenient(_times),
    "Pow": _lenient(_power),
    "LShift": _lenient(_shifted),
    "Mod": _lenient(_remainder),
    "Add": _lenient(operator.add),
    "Sub": _lenient(operator.sub),
    "Div": _lenient(operator.truediv),
    "FloorDiv": _lenient(operator.floordiv),
    "RShift": _lenient(operator.rshift),
    "BitAnd": _lenient(operator.and_),
    "BitOr": _lenient(operator.or_),
    "BitXor": _lenient(operator.xor),
    "USub": _lenient(operator.neg),
    "UAdd": _lenient(operator.pos),
    "Invert": _lenient(operator.invert),
}

_COMPARISONS: dict[str, Callable[..., Any]] = {
    "Lt": _lenient(operator.lt),
    "LtE": _lenient(operator.le),
    "Gt": _lenient(operator.gt),
    "GtE": _lenient(operator.ge),
    "Eq": operator.eq,
    "NotEq": operator.ne,
    "In": lambda one, many: one in many,
    "NotIn": lambda one, many: one not in many,
    "Is": operator.is_,
    "IsNot": operator.is_not,
}


def compare(signs: Sequence[str], *values: Any) -> Any:
    """Return whether each sign holds between the values on its sides."""
    return all(_COMPARISONS[sign](*values[at : at + 2]) for at, sign in enumerate(signs))


def _int(value: Any = 0, base: int | None = None) -> int:
    found = int(value) if base is None else int(value, base)
    _bounded_bits(found.bit_length())
    return found


def _text(value: Any = "") -> str:
    return str(value)


def _round(value: Any, digits: int | None = None) -> Any:
    if digits is not None and abs(digits) > _MOST_DIGITS:
        raise OverflowError(f"round() takes at most {_MOST_DIGITS} digits")
    return round(number(value), digits)


def _replace(text: str, old: str, new: str) -> str:
    _bounded_text(len(text) + str.count(text, old) * len(new))
    return str.replace(text, old, new)


def _join(separator: str, parts: Iterable[Any]) -> str:
    texts = [str(part) for part in parts]
    _bounded_text(sum(map(len, texts)) + len(texts) * len(separator))
    return str.join(separator, texts)


def _get(value: Any, key: Any, default: Any = None) -> Any:
    try:
        return value[key]
    except LookupError:
        return default


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "len": len,
    "int": _int,
    "float": lambda value=0.0: float(value),
    "str": _text,
    "bool": lambda value=False: bool(value),
    "abs": _lenient(abs),
    "min": min,
    "max": max,
    "round": _round,
    "sum": sum,
    "sorted": sorted,
    "any": any,
    "all": all,
    "list": lambda value=(): list(value),
    "upper": str.upper,
    "lower": str.lower,
    "title": str.title,
    "strip": str.strip,
    "lstrip": str.lstrip,
    "rstrip": str.rstrip,
    "split": str.split,
    "splitlines": str.splitlines,
    "replace": _replace,
    "join": _join,
    "startswith": str.startswith,
    "endswith": str.endswith,
    "find": str.find,
    "count": str.count,
    "get": _get,
    "keys": lambda value: list(dict.keys(value)),
    "values": lambda value: list(dict.values(value)),
}
