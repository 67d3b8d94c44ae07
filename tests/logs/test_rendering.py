"""What the formats do with awkward messages: render, escapes and assembly together."""

import pytest

from tests.logs.conftest import Do
from tests.logs.reference import expect, iso


def test_invalid_utf8_becomes_replacement_characters_in_jsonl_that_are_counted(do: Do) -> None:
    log = b"2026-01-01 00:00:00 [A] \xff\xfe caf\xc3\xa9 \xe2\x82\n2026-01-01 00:00:00 [A] ok\n\xff rejected\n"
    done = do(log, to="jsonl")
    assert [entry["message"] for entry in done.jsonl()] == ["\ufffd\ufffd café \ufffd\ufffd", "ok"]
    assert done.report.result["replaced_bytes"] == 4


def test_text_and_csv_pass_any_byte_of_a_message_through(do: Do) -> None:
    message = bytes(set(range(256)) - {ord("\n")})
    log = b"2026-01-01 00:00:00 [A] " + message + b"\n"
    assert do(log).output == log
    assert do(log, to="csv").csv()[1][2].encode("utf-8", "surrogateescape") == message


@pytest.mark.parametrize("length", [0, 1, 22, 23, 24, 25, 47, 48, 49, 72, 73, 500, 70_000])
@pytest.mark.parametrize("to", ["jsonl", "csv"])
def test_messages_of_any_length_arrive_whole(do: Do, to: str, length: int) -> None:
    log = b"".join(
        b"2026-01-01 00:00:%02d [%s] %s\n" % (n % 60, b"LEVEL"[: 1 + n % 5], (b"%d " % n * length)[:length])
        for n in range(50)
    )
    done = do(log, to=to)
    got = [list(entry.values()) for entry in done.jsonl()] if to == "jsonl" else done.csv()[1:]
    assert got == [[part.decode() for part in (iso(entry[0]), *entry[1:])] for entry in expect(log).entries]


def test_csv_is_quoted_where_it_must_be_and_has_a_header(do: Do) -> None:
    log = b'2026-01-01 00:00:00 [A] say "hi", twice\n'
    assert do(log, to="csv").output == b'timestamp,level,message\n2026-01-01T00:00:00,A,"say ""hi"", twice"\n'


def test_control_characters_are_escaped_in_jsonl(do: Do) -> None:
    message = "".join(map(chr, range(32))).replace("\n", "") + '"\\'
    log = f"2026-01-01 00:00:00 [A] {message}\n".encode()
    assert do(log, to="jsonl").jsonl()[0]["message"] == message
