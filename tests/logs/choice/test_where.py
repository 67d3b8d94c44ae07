import operator
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any as Anything
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from concli.logs.choice.expression import parse
from concli.logs.choice.levels import rank_of, same_level
from concli.logs.choice.moments import parse_moment
from concli.logs.choice.numbers import number_of
from concli.logs.choice.tree import All, Any, Comparison, Expression, Has, Literal, Match, Name, Not
from concli.logs.choice.where import Where
from tests.logs.columns import Row, as_bytes, entries_of

NOW = datetime(2026, 1, 2, tzinfo=UTC)
Relation = Callable[[Anything, Anything], bool]
RELATIONS: dict[str, Relation] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def held(text: str, rows: Sequence[Row]) -> list[bool]:
    where = Where(parse(text), lambda text: parse_moment(text.decode(), NOW))
    return [bool(each) for each in where.mask(entries_of(rows), np.ones(len(rows), bool))]


def one_by_one(part: Expression, row: Row) -> bool:
    """Say it again for one entry, as plainly as can be."""
    if isinstance(part, All | Any):
        every = [one_by_one(each, row) for each in part.parts]
        return all(every) if isinstance(part, All) else any(every)
    if isinstance(part, Not):
        return not one_by_one(part.part, row)
    if isinstance(part, Comparison):
        return related(part, row)
    value = as_bytes(row.get(part.name))
    if value is None or isinstance(part, Has):
        return value is not None
    if isinstance(part, Match):
        return bool(part.pattern.search(value.decode("utf-8", "surrogateescape"))) != part.negated
    return any(related(Comparison(Name(part.name), "==", each), row) for each in part.values) != part.negated


def related(part: Comparison, row: Row) -> bool:
    operands = (part.left, part.right)
    left, right = (as_bytes(row.get(side.name)) if isinstance(side, Name) else side.text for side in operands)
    if left is None or right is None:
        return False
    relate: Relation = RELATIONS[part.operator]
    if isinstance(part.right, Literal) and part.left == Name("level"):
        names = left.decode(), right.decode()
        if part.operator in ("==", "!="):
            return same_level(*names) == (part.operator == "==")
        ranks = rank_of(names[0]), rank_of(names[1])
        return None not in ranks and relate(*ranks)
    numbers = number_of(left), number_of(right)
    literals = [side for side in operands if isinstance(side, Literal)]
    if None not in numbers and not any(literal.number is None for literal in literals):
        return relate(*numbers)
    if len(literals) == 1 and literals[0].number is not None:
        return part.operator == "!="
    return relate(left, right)


ANY_VALUE = st.one_of(
    st.none(),
    st.integers(-3, 3),
    st.integers(2**53 - 1, 2**53 + 2),
    st.sampled_from(
        ["1", "01", "1.0", "1e0", "-", "a", "ab", "", "é", "9007199254740993", "1" * 400, "\udcff", "-1.5", "a\nb"]
    ),
)
ANY_ROW = st.fixed_dictionaries(
    {
        "level": st.sampled_from([None, "INFO", "warn", "WARNING", "FATAL", "MINE"]),
        "a": ANY_VALUE,
        "b": ANY_VALUE,
        "message": ANY_VALUE,
    }
)
VALUES = st.sampled_from(
    [
        "1",
        "'1'",
        "1.0",
        "'a'",
        "''",
        "'ab'",
        "'é'",
        "9007199254740993",
        "9007199254740992",
        "9" * 500,
        "-1.5",
        "-" + "9" * 400,
        "1e999",
    ]
)
OPERAND = st.one_of(st.sampled_from(["a", "b", "none", "message"]), VALUES)
NAMES = st.sampled_from(["a", "level", "none"])
SIGNS = st.sampled_from(list(RELATIONS))
LISTS = st.lists(VALUES, min_size=1, max_size=3).map(lambda values: f"({', '.join(values)})")
CONDITION = st.one_of(
    st.tuples(OPERAND, SIGNS, OPERAND).map(" ".join),
    st.tuples(st.just("level"), SIGNS, st.sampled_from(["info", "error", "mine", "'x'"])).map(" ".join),
    st.tuples(NAMES, st.sampled_from(["in", "not in"]), LISTS).map(" ".join),
    st.tuples(NAMES, st.sampled_from(["~ '^1'", "!~ 'a'", "~ '[1a]$'", "~ I"])).map(" ".join),
    st.sampled_from(["has a", "has none", "has level", "has message"]),
)
EXPRESSION = st.recursive(
    CONDITION,
    lambda part: st.one_of(
        part.map(lambda text: f"not ({text})"),
        st.tuples(part, st.sampled_from(["and", "or"]), part).map(
            lambda parts: f"({parts[0]}) {parts[1]} ({parts[2]})"
        ),
    ),
    max_leaves=4,
)


@settings(deadline=None)
@given(EXPRESSION, st.lists(ANY_ROW, max_size=8), st.lists(st.booleans(), min_size=8, max_size=8))
def test_an_expression_holds_where_it_does_one_by_one(text: str, rows: list[Row], kept: list[bool]) -> None:
    expression = parse(text)
    keep = np.array(kept[: len(rows)], bool)
    expected = [bool(kept) and one_by_one(expression, row) for kept, row in zip(keep, rows, strict=True)]
    assert (
        Where(expression, lambda text: parse_moment(text.decode(), NOW)).mask(entries_of(rows), keep).tolist()
        == expected
    )


ROWS: list[dict[str, Anything]] = [
    {"timestamp": "2026-01-01T10:00:00Z", "level": "ERROR", "status": 500, "user": "bob", "bytes": "2000000"},
    {"timestamp": "2026-01-01T23:30:00Z", "level": "info", "status": "-", "user": "eve", "took": "0.25"},
    {"message": "x", "status": 404, "bytes": 12},
]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("status >= 500", [True, False, False]),
        ("status < 500", [False, False, True]),  # of what is no number nothing is known
        ("status != 500", [False, True, True]),
        ("500 <= status", [True, False, False]),
        ("'bob' == user", [True, False, False]),
        ('user == "bob" and bytes > 1e6', [True, False, False]),
        ("took < 0.3 or bytes < 13", [False, True, True]),
        ("status < bytes", [True, False, False]),
        ("level in (error, fatal)", [True, False, False]),
        ("level >= info", [True, True, False]),
        ("level != info", [True, False, False]),
        ("not level == info", [True, False, True]),
        ("user != 'bob'", [False, True, False]),
        ("nobody !~ x or has nothing", [False, False, False]),
        ("timestamp >= '1h ago'", [False, True, False]),
        ("timestamp < 2026-01-01T12:00", [True, False, False]),
        ("timestamp == 2026-01-01T11:00:00+01:00", [True, False, False]),
        ("1 < 2", [True] * 3),
    ],
)
def test_what_an_expression_says_is_what_it_means(text: str, expected: list[bool]) -> None:
    assert held(text, ROWS) == expected


def test_a_pattern_is_tried_only_where_it_still_matters() -> None:
    pattern = mock.Mock(pattern="x.", flags=re.UNICODE, search=mock.Mock(return_value=None))
    rows: list[Row] = [{"a": n, "message": f"x{n}"} for n in range(100)]
    where = Where(All((parse("a == 7"), Match("message", pattern))), lambda _: parse_moment("now", NOW))
    assert not where.mask(entries_of(rows), np.ones(100, bool)).any()
    pattern.search.assert_called_once_with("x7")
