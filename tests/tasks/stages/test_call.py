"""What a specification is made into."""

import pytest

from concli.errors import UsageError
from concli.tasks.stages import make_call, parse_stage


@pytest.mark.parametrize(
    ("text", "item", "result", "described", "kills"),
    [
        ("py:math:factorial", 5, 120, "factorial(5)", False),
        ("expr:x + 1", 5, 6, "x + 1 with x = 5", False),
        ("sh:echo {} !", 5, "5 !", "echo 5 !", True),
    ],
)
def test_each_kind_is_called_and_described(text: str, item: int, result: object, described: str, kills: bool) -> None:
    call = make_call(parse_stage(text))
    assert call(item) == result
    assert call.describe(item) == described
    assert call.kills_at_timeout is kills
    call.cancel()


def test_the_timeout_reaches_the_command() -> None:
    with pytest.raises(TimeoutError, match=r"longer than 0\.01 s"):
        make_call(parse_stage("sh:sleep timeout=10ms"))(60)


def test_standard_input_reaches_the_command() -> None:
    assert make_call(parse_stage("sh:tr a-z A-Z", stdin=True))("word") == "WORD"


@pytest.mark.parametrize("text", ["py:no_such:thing", "expr:y", "sh:echo `{}`"])
def test_what_can_not_be_made_is_a_wrong_usage(text: str) -> None:
    with pytest.raises(UsageError):
        make_call(parse_stage(text))
