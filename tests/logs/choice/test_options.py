import pickle
import re
from datetime import UTC, datetime

import pytest

from concli.errors import UsageError
from concli.logs.choice.choice import Choice
from concli.logs.choice.options import choose

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def test_a_choice_can_be_sent_to_another_process() -> None:
    choice = choose(
        levels=["error"], min_level="info", since="2h ago", until="now", grep=["a.b", re.compile("x")], exclude=["y"],
        where="timestamp > '1h ago' and user ~ ^b and level in (error)", fields="user, message,user",
        sample="1%", head=3, dedup=True, redact=["ip,x{1,2}"], seed=4, now=NOW,
    )  # fmt: skip
    assert pickle.loads(pickle.dumps(choice)) == choice
    assert choice.fields == ("user", "message")
    assert [moment.wall for _, moment in choice.moments] == [b"2026-01-01T23:00:00"]


def test_names_are_those_of_fields_alone() -> None:
    assert choose(where="status > 1 and level == error or not has b", fields="message,c").names == {"status", "b", "c"}
    assert choose().names == frozenset()


def test_what_keeps_all_is_known() -> None:
    assert choose().keeps_all
    assert choose(head=3, dedup=True, fields="a", redact=["ip"], seed=3, sample="100%").keeps_all
    assert not any(
        choose(**options).keeps_all
        for options in ({"levels": ["a"]}, {"min_level": "info"}, {"since": "now"}, {"until": "now"}, {"grep": ["a"]},
                        {"exclude": ["a"]}, {"where": "has a"}, {"sample": "1%"})
    )  # fmt: skip
    assert Choice().keeps_all


@pytest.mark.parametrize(
    ("option", "value"),
    [("min_level", "x"), ("since", "x"), ("until", "2026-13-01"), ("grep", ["("]), ("exclude", ["["]), ("where", "a ="),
     ("where", "timestamp > x"), ("fields", ","), ("sample", "2"), ("head", -1), ("redact", ["("])],
)  # fmt: skip
def test_an_error_names_the_option_in_one_line(option: str, value: object) -> None:
    with pytest.raises(UsageError, match=f"^--{option.replace('_', '-')}: [^\n]+\\Z"):
        choose(**{option: value})  # type: ignore[arg-type]
