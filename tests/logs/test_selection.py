import re

import pytest

from tests.logs.conftest import Do
from tests.logs.reference import expect

LOG = "".join(
    f"2026-01-01 00:00:00 [{level}] {message}\n"
    for level in ("INFO", "error", "AN_UNLISTED_LEVEL")
    for message in ("INFO here", "café", "caf\udcff", "", "a.b", "[INFO] 2026", "two words", "TWO")
).encode("utf-8", "surrogateescape")


@pytest.mark.parametrize(
    "pattern", ["INFO", "2026", "caf", "caf.$", "é", "^$", "^a.b$", "a\\.b", "(?i)two", "00:00", "\\w+ \\w+", "", "x*$"]
)
def test_grep_sees_the_message_alone_and_as_text(do: Do, pattern: str) -> None:
    expected = expect(LOG)
    expected.entries = [
        entry for entry in expected.entries if re.search(pattern, entry[2].decode("utf-8", "surrogateescape"))
    ]
    assert do(LOG, grep=re.compile(pattern)).output == expected.as_text()


def test_levels_are_compared_in_any_case_and_together_with_grep(do: Do) -> None:
    done = do(LOG, levels=("ERROR", "an_unlisted_level"), grep=re.compile("INFO"))
    assert [entry[1:] for entry in expect(done.output).entries] == [
        (level, message) for level in (b"error", b"AN_UNLISTED_LEVEL") for message in (b"INFO here", b"[INFO] 2026")
    ]
    assert done.report.totals["filtered"] == 20


def test_a_needle_that_is_found_in_a_reject_or_a_head_keeps_nothing(do: Do) -> None:
    log = b"needle\n2026-01-01 00:00:00 [needle] x\n2026-01-01 00:00:00 [X] needle needle\n"
    assert do(log, grep=re.compile("needle")).output == log.splitlines(keepends=True)[2]
