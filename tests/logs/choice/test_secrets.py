import re
import time

import pytest

from concli.errors import UsageError
from concli.logs.choice.secrets import SECRET_NAME, parse_rules

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
KEY = "AKIA" + "IOSFODNN7EXAMPLE"  # in two, so that no one takes it for a leak


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("from 10.0.0.1:80, [192.168.1.255] and 1.2.3.4.", "from [ip]:80, [[ip]] and [ip]."),
        ("::1 fe80::1%eth0 [2001:db8::8a2e:370:7334]:443", "[ip] [ip]%eth0 [[ip]]:443"),
        ("client:2001:db8:0:0:0:0:0:1.", "client:[ip]."),
        ("::ffff:10.0.0.1", "[ip]"),
        ("1.2.3 256.1.1.1 1.2.3.4.5 12:30:45 aa:bb:cc:dd:ee:ff std::vector a::b 1:2", None),
        ("2026-01-01T10:00:00.123+01:00", None),
        (
            "0.9.99.199 249.255.250.1 256.1.1.1 300.1.1.1 260.0.0.0 1.1.1.256",
            "[ip] [ip] 256.1.1.1 300.1.1.1 260.0.0.0 1.1.1.256",
        ),
    ],
)
def test_addresses_are_hidden_and_what_only_looks_like_one_is_not(text: str, hidden: str | None) -> None:
    assert parse_rules(["ip"])[0].hide(text)[0] == (hidden or text)


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("<a.b+c@example.co.uk>, jörg@x-y.de", "<[email]>, [email]"),
        ("mailto:x@y.com.", "mailto:[email]."),
        ("x@localhost @user a@b.c1 a @ b.com", None),
    ],
)
def test_mail_addresses_are_hidden(text: str, hidden: str | None) -> None:
    assert parse_rules(["email"])[0].hide(text)[0] == (hidden or text)


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        (f"jwt {JWT}", "jwt [token]"),
        ("Authorization: Bearer abc.def-123", "Authorization: Bearer [token]"),
        ("authorization=basic dXNlcjpwYXNz", "authorization=basic [token]"),
        (f"key {KEY}!", "key [token]!"),
        ("ghp_" + "a1B2" * 9, "[token]"),
        ("postgres://bob:hunter2@db/x", "postgres://bob:[token]@db/x"),
        ("password=hunter2&user=bob", "password=[token]&user=bob"),
        ("DB_PASSWORD: 'a b', next", "DB_PASSWORD: '[token]', next"),
        ('{"passwd":"a\\"b","n":1}', '{"passwd":"[token]","n":1}'),
        ("pwd = x; client_secret=y", "pwd = [token]; client_secret=[token]"),
        ("token=abc api-key: abc123", "token=[token] api-key: [token]"),
        ("access_key: 'abc'", "access_key: '[token]'"),
        ("d41d8cd98f00b204e9800998ecf8427e", "[token]"),
        ("sig " + "aB3/" * 2 + "aB3x" * 9 + "==", "sig [token]"),
        ("invalid token: signature mismatch", None),
        ("/usr/lib/Python3/site-packages/a/b/c/d/e/f/g/h/i/j/k/l/m/n", None),
        ("123e4567-e89b-12d3-a456-426614174000", None),
        ("org.apache.hadoop.mapreduce.v2.app.launcher.ContainerLauncherImpl", None),
        ("passed: 12, the key is here", None),
    ],
)
def test_tokens_are_hidden_and_prose_is_not(text: str, hidden: str | None) -> None:
    assert parse_rules(["token"])[0].hide(text)[0] == (hidden or text)


def test_what_is_hidden_is_counted_and_hiding_again_changes_nothing() -> None:
    text = f"bob@example.com 10.0.0.1 password=x {JWT} https://u:p@h.example.com/"
    rules = parse_rules(["ip,email,token"])
    for name, times in (("token", 3), ("email", 1), ("ip", 1)):
        (rule,) = (rule for rule in rules if rule.name == name)
        text, count = rule.hide(text)
        assert count == times
        assert rule.hide(text) == (text, 0)


def test_a_pattern_of_ones_own_may_have_commas_and_hide_a_part_of_what_it_finds() -> None:
    rules = parse_rules(["IP,[0-9]{3,4},email", "user=(?P<secret>[a-z]+)", "token"])
    assert [rule.name for rule in rules] == ["token", "email", "ip", "redacted"]
    assert rules[-1].hide("123 12 12345 user=bob x") == ("[redacted] 12 [redacted]5 user=[redacted] x", 3)
    assert rules[-1].hide("") == ("", 0)
    assert parse_rules(["x*|y?"])[0].hide("axxby") == ("a[redacted]b[redacted]", 2)
    assert parse_rules([]) == ()


@pytest.mark.parametrize("text", ["(", "ip,[", ""])
def test_what_is_no_rule_and_no_pattern_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--redact: "):
        parse_rules([text])


@pytest.mark.parametrize(
    "name", ["password", "db_password", "Authorization", "clientSecret", "api_key", "x-api-key", "token"]
)
def test_fields_are_known_by_their_names(name: str) -> None:
    assert SECRET_NAME.search(name)


@pytest.mark.parametrize("name", ["passwords", "tokens", "tokenizer", "key", "secretary", "message"])
def test_other_fields_are_not(name: str) -> None:
    assert not SECRET_NAME.search(name)


@pytest.mark.parametrize(
    "piece",
    ["a", "a.", "1.", ":", "a:", "@", "a@", "a-", "password", "pwd=", "=", "://", '"', "\\", "eyJ", "token:", "A1b/"],
)
def test_no_text_takes_for_ever(piece: str) -> None:
    text, began = piece * (200_000 // len(piece)), time.process_time()
    for rule in parse_rules(["ip,email,token"]):
        text, _ = rule.hide(text)
    assert time.process_time() - began < 20
    assert re.search(r"\S", text)
