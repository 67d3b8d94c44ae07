import pickle
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from concli.errors import UsageError
from concli.logs.choice.expression import parse
from concli.logs.choice.tree import All, Any, Comparison, Has, Literal, Match, Name, Not, OneOf


def number(value: float, place: int) -> Literal:
    return Literal(str(value).encode(), value, place)


def test_an_expression_is_read_as_it_is_meant() -> None:
    assert parse("status >= 500") == Comparison(Name("status"), ">=", number(500, 10))
    assert parse('path ~ "^/api"') == Match("path", re.compile("^/api"))
    assert parse("path !~ ^/api") == Match("path", re.compile("^/api"), negated=True)
    assert parse('user == "bob" and bytes > 1e6') == All(
        (
            Comparison(Name("user"), "==", Literal(b"bob", None, 8)),
            Comparison(Name("bytes"), ">", Literal(b"1e6", 1e6, 26)),
        )
    )
    assert parse("not (has a or has b)") == Not(Any((Has("a"), Has("b"))))
    assert parse("level in (error, 'fatal')") == OneOf(
        "level", (Literal(b"error", None, 10), Literal(b"fatal", None, 17))
    )
    assert parse("a not in (1)") == OneOf("a", (number(1, 10),), negated=True)
    assert parse("level = error") == Comparison(Name("level"), "==", Literal(b"error", None, 8))
    assert parse("`a b` != ip") == Comparison(Name("a b"), "!=", Name("ip"))
    assert parse("ip != 10.0.0.1") == Comparison(Name("ip"), "!=", Literal(b"10.0.0.1", None, 6))
    assert parse(r"a ~ '\d\'\\'") == Match("a", re.compile(r"\d'\\"))


def test_not_binds_closest_and_or_least() -> None:
    a, b, c = Has("a"), Has("b"), Has("c")
    assert parse("has a or has b and not has c") == Any((a, All((b, Not(c)))))
    assert parse("has a || has b && ! has c") == Any((a, All((b, Not(c)))))
    assert parse("HAS a AND (has b OR has c)") == All((a, Any((b, c))))


@pytest.mark.parametrize(
    ("text", "column", "problem"),
    [
        ("", 1, "a name or a value is missing before the end"),
        ("status >= ", 11, "a name or a value is missing before the end"),
        ("status 500", 8, "==, !=, <, <=, >, >=, ~, !~ or in is missing before 500"),
        ("(a == 1", 8, ") is missing before the end"),
        ("a == 1 b", 8, "and, or or an operator is missing before b"),
        ("a == 1)", 7, "and, or or an operator is missing before )"),
        ('a == "x', 6, 'this " is never closed'),
        ("a == 1 & b", 8, "unexpected &"),
        ("1 ~ 2", 3, "a name is needed before ~"),
        ("1 in (2)", 1, "a name is needed before in"),
        ("has 1", 5, "a name is needed here; one that looks otherwise stands between backquotes"),
        ("a in (1,)", 9, "a name or a value is missing before )"),
        ("a in ()", 7, "a name or a value is missing before )"),
        ("a in (`b`)", 7, "a value is needed here, not a name"),
        ("a ~ `b`", 5, "a value is needed here, not a name"),
        ("a ~ '('", 5, "not a regular expression: missing ), unterminated subpattern at position 0"),
        ("a not == 1", 7, "==, !=, <, <=, >, >=, ~, !~ or in is missing before =="),
        ("(" * 60 + "has a" + ")" * 60, 51, "this is nested too deeply"),
    ],
)  # fmt: skip
def test_an_error_says_where_it_is(text: str, column: int, problem: str) -> None:
    with pytest.raises(UsageError) as error:
        parse(text)
    assert str(error.value) == f"--where: column {column}: {problem}"


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["a", "1", "'x'", "(", ")", "not", "and", "or", "in", "has", "==", "~", ",", "&", '"', "`", " "]
        )
    )
)
def test_any_text_is_an_expression_that_can_be_pickled_or_an_error_of_one_line(words: list[str]) -> None:
    try:
        expression = parse(" ".join(words))
    except UsageError as error:
        said = str(error)
    else:
        said = "--where: column 1: fine" * (pickle.loads(pickle.dumps(expression)) == expression)
    assert re.match(r"--where: column \d+: [^\n]+\Z", said)
