"""Commands as a stage calls them."""

import os
from pathlib import Path

import pytest

from concli.patterns import ThreadGroup
from concli.tasks.stages import CommandFailed
from concli.tasks.stages.command import Command


def test_the_output_is_the_result_without_the_last_lines_end() -> None:
    assert Command("printf 'a\\nb\\n\\n'; :")("x") == "a\nb\n"
    assert Command("printf '\\377'; :")("x") == "\udcff"


@pytest.mark.parametrize("item", ["'; touch pwned; '", '"$(touch pwned)"', "a\nb", "--", "ünï", "\udcff", ""])
@pytest.mark.parametrize("command", ["printf %s {}", "printf '%s' \"{}\";", "printf %s '{}';"])
def test_an_item_passes_through_as_it_is(
    item: str, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert Command(command)(item) == item
    assert os.listdir() == []


@pytest.mark.parametrize(
    ("item", "text"), [(1.5, "1.5"), (None, "null"), (["ä", {}], '["ä", {}]'), (b"\xff", "\udcff"), (True, "true")]
)
def test_an_item_that_is_no_text_is_given_as_json(item: object, text: str) -> None:
    assert Command("printf %s")(item) == text


def test_on_standard_input_an_item_is_a_line_of_any_length() -> None:
    assert Command("cat; echo end", stdin=True)("a\0b") == "a\0b\nend"
    assert Command("wc -c", stdin=True)("x" * 1_000_000) == "1000001"


@pytest.mark.parametrize(
    ("command", "item", "said"),
    [
        ("sh -c 'echo one >&2; echo two >&2; exit 7'", "", "exit status 7: two"),
        ("exit 3;", "", "exit status 3"),
        ("kill -KILL $$;", "", "killed by SIGKILL"),
        ("no-such-program", "", "exit status 127: .*not found"),
        ("true", "x" * 10_000_000, "/true can't be started: argument list too long; give long items by --stdin"),
    ],
)
def test_a_failure_is_told_in_a_line(command: str, item: str, said: str) -> None:
    with pytest.raises(CommandFailed, match=said) as raised:
        Command(command)(item)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(("item", "problem"), [("a\0b", "NUL"), ("\ud800", "surrogate")])
def test_an_item_that_no_command_can_have_is_told_in_a_line(item: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        Command("true")(item)


def test_a_program_that_has_gone_is_told_in_a_line(tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    command = Command(str(program))
    program.unlink()
    with pytest.raises(CommandFailed, match="can't be started: no such file or directory"):
        command("x")


def test_cancelling_ends_the_calls_that_go_on_and_those_to_come(tmp_path: Path) -> None:
    fifo = tmp_path / "started"
    os.mkfifo(fifo)
    command = Command(f"echo > {fifo}; sleep {{}}")

    def call() -> None:
        with pytest.raises(CommandFailed, match="killed: the run is ending"):
            command(100)

    with ThreadGroup() as group:
        group.spawn(call)
        fifo.read_text()
        command.cancel()
    command.cancel()
    with pytest.raises(CommandFailed, match="not started"):
        command(100)


def test_a_command_that_is_dropped_leaves_no_descriptor() -> None:
    before = os.listdir("/proc/self/fd")
    Command("true")("x")
    Command("true").cancel()
    assert os.listdir("/proc/self/fd") == before


def test_a_description_can_be_run_in_a_shell() -> None:
    command = Command("tr a-z '{}'", stdin=True)
    assert command.describe("it's") == "printf '%s\\n' 'it'\"'\"'s' | tr a-z '''it'\"'\"'s'''"
