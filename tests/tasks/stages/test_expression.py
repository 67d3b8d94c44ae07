"""Expressions do what they say and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from concli.errors import UsageError
from concli.tasks.stages.expression import Expression


@pytest.mark.parametrize(
    ("text", "item", "result"),
    [
        ("x * x", 3, 9),
        ("x * x", "3", 9),
        ("x * 2", "ab", "abab"),
        ("'0' * 3 + x", "7", "0007"),
        ("x > 5 and x <= 7.5", "7", True),
        ("1 < x < 3", 2, True),
        ("-x % 7", 3, 4),
        ("x['name'] + '.' + str(x['n'][-1])", {"name": "a", "n": [1, 2]}, "a.2"),
        ("get(x, 'b', 'none')", {"a": 1}, "none"),
        ("split(x, ',')[1:]", "a,b,c", ["b", "c"]),
        ("[upper(x), len(x), 'b' in x, x == 'ab' or 1/0]", "ab", ["AB", 2, True, True]),
        ("{'id': x, 'even': x % 2 == 0}", 4, {"id": 4, "even": True}),
        ("f'{x!r:>6} {x * 2:.1f}'", 4, "     4 8.0"),
        ("'big' if x > 10 else 'small'", 11, "big"),
        ("sorted(x, key=len, reverse=True)", ["a", "bbb", "cc"], ["bbb", "cc", "a"]),
        ("round(x / 3, 2)", 1, 0.33),
        ("not x", 0, True),
        ("x is None", None, True),
        ("(x ** 2, ~x, x << 2, x >> 1, x & 1, x | 8, x ^ 1)", 5, (25, -6, 20, 2, 1, 13, 4)),
    ],
)
def test_an_expression_has_its_value(text: str, item: object, result: object) -> None:
    assert Expression(text)(item) == result


@pytest.mark.parametrize(
    "text",
    [
        "().__class__.__bases__[0].__subclasses__()",
        "x.__class__",
        "x.upper()",
        "__import__('os').system('true')",
        "__builtins__",
        "open('/etc/passwd')",
        "eval('1')",
        "exec('1')",
        "getattr(x, '__class__')",
        "(lambda: 1)()",
        "[y for y in x]",
        "{y for y in x}",
        "(y := x)",
        "[*x]",
        "len(*x)",
        "sorted(**x)",
        "x()",
        "x[0](1)",
        "'{0.__class__}'.format(x)",
        "f'{x.__class__}'",
        "f'{x:{x}}'",
        "f'{x:1000000000}'",
        "f'{x:>1000000000}'",
        "_Mult(x, 2)",
        "_compare",
        "len",
        "sorted(x, key=eval)",
        "{1, 2}",
        "await x",
        "yield x",
        "...",
        "1j",
        "x @ x",
        "import os",
        "x = 1",
        "x; x",
        "",
        "x +",
        "x\0",
        "y",
        "(" * 500 + "x" + ")" * 500,
        "-" * 3000 + "x",
        "x" + "+x" * 500,
        "x" + "[0]" * 500,
        "1" + " " * 5000 + "+ 1",
    ],
)
def test_what_could_reach_anything_else_is_refused_in_a_line(text: str) -> None:
    with pytest.raises(UsageError, match="expr:") as raised:
        Expression(text)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "text",
    [
        "9**9**9",
        "x**x**x",
        "'a'*10**12",
        "10**12*'a'",
        "x * 10**12 * 'a'",
        "1 << 10**12",
        "'%1000000000d' % 9",
        "b'%1000000000d' % 9",
        "[0] * 10**9",
        "[[0]] * 2",
        "(x, x) * 10**9",
        "round(1, -10**10)",
        "replace('a' * 10**6, 'a', 'b' * 10**6)",
        "join('a' * 10**6, split('a ' * 10**5))",
        "int('9' * 10**6)",
    ],
)
def test_what_would_hang_or_fill_the_memory_fails_at_once(text: str) -> None:
    with pytest.raises((OverflowError, TypeError, ValueError)):
        Expression(text)(99)


_TEXT = st.recursive(
    st.sampled_from(["x", "1", "9**9", "'a'", "'a'*999999", "10**4000", "len", "x.a", "_Add", "[x]", "f'{x:9}'"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "*", "**", "%", "<<", "<", "and", "//"]), inner).map(" ".join),
        inner.map("({})".format),
        inner.map("-{}".format),
        st.tuples(
            st.sampled_from(["str", "join", "replace", "round", "sum", "sorted", "split", "int"]), inner, inner
        ).map("{0[0]}({0[1]}, {0[2]})".format),
        inner.map("f'{{{}}}'".format),
    ),
    max_leaves=8,
)


@given(_TEXT, st.sampled_from([0, 7, "7", "a", [1], {"a": 1}, None]))
def test_any_expression_is_refused_or_ends_with_a_value_or_an_ordinary_error(text: str, item: object) -> None:
    try:
        expression = Expression(text)
    except UsageError:
        return
    try:
        value = expression(item)
    except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError):
        return
    assert len(repr(value)) < 20_000_000
