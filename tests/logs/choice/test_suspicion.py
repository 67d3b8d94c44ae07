import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from concli.logs.choice.secrets import parse_rules
from concli.logs.choice.suspicion import _BLOCK, suspicious_places
from concli.logs.choice.text_search import find_any
from tests.logs.columns import column_of

PIECES = [
    "10",
    ".",
    "255",
    "::",
    ":",
    "1",
    "a",
    "f",
    "ffff::",
    "@",
    "b.com",
    "example",
    "password",
    "pwd",
    "secret",
    "Token",
    "api_key",
    "SESSION-ID",
    "signature",
    "=",
    '"',
    "\\",
    "'",
    "x",
    "eyJhbGciOiJIUzI1NiJ9",
    "AKIAIOSFODNN7EXAMPLE",
    "sk_live_0123456789abcdef",
    "xoxb-0123456789",
    "ghp_0123456789abcdefABCDEF0",
    "AIza0123456789012345678901234567890123",
    "glpat-0123456789abcdefghij",
    "Bearer",
    "basic",
    "abcdefgh",
    "://",
    "/",
    "d41d8cd98f00b204e9800998ecf8427e",
    "aB3xaB3xaB3xaB3xaB3xaB3xaB3xaB3xaB3xaB3x",
    "é",
    "\n",
    " ",
]
VALUE = st.lists(st.sampled_from(PIECES), max_size=8).map("".join)


@pytest.mark.parametrize("name", ["ip", "email", "token"])
@settings(deadline=None)
@given(values=st.lists(VALUE, max_size=8))
def test_whatever_a_rule_hides_is_suspected(name: str, values: list[str]) -> None:
    (rule,) = parse_rules([name])
    # The values stand side by side: what is in front of one is no part of it.
    column = column_of([value.encode() for value in values])
    size = int(column.ends.max(initial=0))
    places = suspicious_places(name, column.buffer, [column.starts], size)
    assert (np.diff(places) >= 0).all()
    suspected = find_any(places, 1, column.starts, column.ends)
    for value, is_suspected in zip(values, suspected.tolist(), strict=True):
        assert is_suspected or not rule.hide(value)[1], value


@pytest.mark.parametrize("text", [b"AKIAIOSFODNN7EXAMPLE", b"password=x", b"ab" * 16, b"1.2.3.4", b"1:2:3:4:5:6:7:8"])
def test_what_stands_where_two_blocks_meet_is_suspected(text: bytes) -> None:
    name = "ip" if text[:1] == b"1" else "token"
    before = b"-- " * (_BLOCK // 3 + 10)
    for shift in range(-40, 10):
        start = _BLOCK + shift
        log = before[:start] + b" " + text + b" " * 99
        places = suspicious_places(name, log, [np.array([0])], len(log))
        spans = np.array([start]), np.array([start + 1 + len(text)])
        assert find_any(places, 1, *spans).all(), shift


def test_an_ordinary_log_is_hardly_suspected() -> None:
    lines = [b"2026-01-01T10:00:%02d.123 INFO org.apache.Thing: took 12.5 ms, status=200 of 3.1" % n for n in range(60)]
    column = column_of(lines)
    for name in ("ip", "email", "token"):
        assert not suspicious_places(name, column.buffer, [column.starts], int(column.ends[-1])).size
