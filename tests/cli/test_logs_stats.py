"""``concli logs stats`` as a user and a script meet it."""

import json
from pathlib import Path

from tests.conftest import ROOT, RunConcli

SAMPLE = ROOT / "sample_logs" / "python-service.log"


def test_the_overview_goes_to_standard_output_and_the_account_to_standard_error(concli: RunConcli) -> None:
    done = concli("logs", "stats", SAMPLE)
    assert done.returncode == 0
    text = done.stdout.decode()
    for words in ("367", "DEBUG 222", "order A<num>: reserve <num> x TEA-<num>", "█"):
        assert words in text
    assert "\x1b" not in text
    assert b"562 read = 367 entries + 0 filtered" in done.stderr
    assert all(len(line) <= 100 for line in text.splitlines())


def test_json_has_all_that_the_overview_has(concli: RunConcli) -> None:
    done = concli("logs", "stats", "-q", "--json", "--count", "3", SAMPLE)
    result = json.loads(done.stdout)["result"]
    assert result["levels"] == {"DEBUG": 222, "INFO": 93, "ERROR": 33, "WARNING": 17, "CRITICAL": 2}
    assert len(result["templates"]["top"]) == 3
    assert done.stderr == b""


def test_two_logs_are_compared(concli: RunConcli, tmp_path: Path) -> None:
    (tmp_path / "old").write_text("2026-01-01 00:00:00 [INFO] nothing new\n" * 100)
    (tmp_path / "new").write_text("2026-01-01 00:00:00 [ERROR] disk 7 is full\n" * 100)
    done = concli("logs", "stats", "-q", "new", "--compare", "old")
    lines = done.stdout.decode().splitlines()
    assert any(line.startswith("new ") and line.endswith("disk <num> is full") for line in lines)
    assert any(line.startswith("gone ") and line.endswith("nothing new") for line in lines)


def test_a_log_does_not_tell_a_terminal_what_to_do(concli: RunConcli, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"2026-01-01 00:00:00 [INFO] \x1b[2J\x07gone [bold]\n\x1b]0;x\n")
    done = concli("logs", "stats", "-q", "a")
    assert b"\x1b" not in done.stdout
    assert b"\\x1b[<num>J\\x07gone [bold]" in done.stdout


def test_an_input_that_is_missing_is_exit_3_and_the_others_are_counted(concli: RunConcli) -> None:
    done = concli("logs", "stats", "-q", "missing", SAMPLE)
    assert done.returncode == 3
    assert b"367" in done.stdout
    assert done.stderr.decode().splitlines() == ["concli: missing: no such file or directory"]
    alone = concli("logs", "stats", "-q", "missing")
    assert (alone.returncode, alone.stdout) == (3, b"")


def test_standard_input_is_read_but_not_twice(concli: RunConcli) -> None:
    entry = b"2026-01-01 00:00:00 [INFO] hello\n"
    assert b"hello" in concli("logs", "stats", "-q", input=entry).stdout
    done = concli("logs", "stats", "-q", "--compare", "-", input=entry)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)


def test_the_values_of_a_field_can_be_asked_for(concli: RunConcli) -> None:
    done = concli(
        "logs", "stats", "-q", "--json", "--top", "context", input=b"2026-01-01 00:00:00 web INFO hello\n" * 3
    )
    assert json.loads(done.stdout)["result"]["fields"]["context"]["top"][0]["value"] == "web"
