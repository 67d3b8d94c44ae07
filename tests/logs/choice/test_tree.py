from concli.logs.choice.expression import parse
from concli.logs.choice.tree import moments_in, names_in

WHERE = "a == 1 and (b ~ x or not 2 < c) or has d and e in (f, g) or h == i"


def test_all_names_in_an_expression_are_known_and_no_values() -> None:
    assert names_in(parse(WHERE)) == set("abcdehi")


def test_times_are_what_stands_beside_timestamp() -> None:
    text = (
        "timestamp >= 2026-01-01 and not (timestamp == 'today' or a == b) or '1h ago' < timestamp or timestamp in (now)"
    )
    assert moments_in(parse(text)) == {b"2026-01-01", b"today", b"1h ago", b"now"}
