"""``concli explain`` in a pipe, on a terminal and as JSON."""

import json
import os
import pty
from collections.abc import Callable

import click
import pytest
from click.testing import CliRunner

from concli.cli.explain import explain
from concli.lab.explain import LESSONS, lesson
from tests.conftest import RunConcli


def test_without_a_pattern_all_are_listed(concli: RunConcli) -> None:
    done = concli("explain")
    assert (done.returncode, done.stderr) == (0, b"")
    assert [line.split()[0] for line in done.stdout.decode().splitlines()[2:]] == list(LESSONS)


@pytest.mark.parametrize("name", list(LESSONS))
def test_in_a_pipe_a_lesson_is_plain_text_of_80_columns(name: str) -> None:
    done = CliRunner(env={"COLUMNS": "80"}).invoke(explain, [name])
    assert done.exit_code == 0, done.output
    for part in ("When to choose it", "When not to", "Who waits for whom", "Classic mistake", "Try it in Python"):
        assert part in done.stdout
    assert "\x1b" not in done.stdout
    prose, example = done.stdout.split("Try it in Python")
    assert max(map(len, prose.splitlines())) <= 80
    assert example


def test_threads_stand_side_by_side_and_time_runs_down(concli: RunConcli) -> None:
    shown = concli("explain", "RWLock").stdout.decode()
    start = shown.index("  thread A")
    assert shown[start:].splitlines()[:5] == [
        "  thread A                      thread B",
        "  acquire_read()",
        "                                acquire_read()",
        "  acquire_write() waits for B",
        "                                acquire_write() waits for A, for ever",
    ]


def test_on_a_terminal_it_is_drawn_with_colours_unless_they_are_not_wanted(
    concli: RunConcli, concli_env: dict[str, str]
) -> None:
    for extra, is_coloured in (({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)):
        controller, terminal = pty.openpty()
        env = {name: value for name, value in concli_env.items() if name != "NO_COLOR"}
        env |= {"TERM": "xterm", "COLUMNS": "80"} | extra
        reader = _reading(controller)
        assert concli("explain", "barrier", env=env, stdout=terminal).returncode == 0
        os.close(terminal)
        shown = reader()
        assert b"Classic mistake 2" in shown
        assert (b"\x1b[36m" in shown or b"\x1b[1;36m" in shown) is is_coloured
        assert is_coloured or "NO_COLOR" in extra or b"\x1b" not in shown


def _reading(controller: int) -> Callable[[], bytes]:
    """Return what gives all that was written to a terminal; what it holds unread is less than a lesson is long."""

    def rest() -> bytes:
        shown = b""
        while True:
            try:
                chunk = os.read(controller, 10_000)
            except OSError:  # so a terminal says that nobody writes to it any more
                chunk = b""
            if not chunk:
                os.close(controller)
                return shown
            shown += chunk

    return rest


def test_as_json_it_is_a_document(concli: RunConcli) -> None:
    one = json.loads(concli("explain", "thread-pool", "--json").stdout)
    assert one["schema"] == "concli.lesson/1"
    assert one["name"] == "thread-pool"
    assert one["imports"] == "from concli.patterns import ThreadPool"
    assert one["mistakes"][0]["threads"] == ["worker 1", "worker 2"]
    assert [each["name"] for each in json.loads(concli("explain", "--json").stdout)["patterns"]] == list(LESSONS)


def test_the_command_to_try_is_there_if_it_is_built_with_its_own_examples() -> None:
    @click.group()
    def root() -> None:
        """Be concli."""

    @click.command()
    def rwlock() -> None:
        """Do it.

        \b
        Examples:
          concli rwlock --readers 4
        """

    root.add_command(explain)
    without = CliRunner().invoke(root, ["explain", "rwlock"])
    assert "Try it in the shell" not in without.stdout
    assert json.loads(CliRunner().invoke(root, ["explain", "rwlock", "--json"]).stdout)["command"] is None
    root.add_command(click.Command("verify"))
    assert "Try it in the shell\n  concli verify rwlock\n" in CliRunner().invoke(root, ["explain", "rwlock"]).stdout
    root.add_command(rwlock)
    assert (
        "shell\n  concli rwlock --readers 4\n  concli verify" in CliRunner().invoke(root, ["explain", "rwlock"]).stdout
    )


def test_an_unknown_pattern_is_exit_2_and_one_line_that_names_what_was_meant(concli: RunConcli) -> None:
    done = concli("explain", "bariers")
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr == b"concli: there is no pattern 'bariers'; did you mean barrier?\n"


def test_every_lesson_names_a_command() -> None:
    assert all(lesson(name).command for name in LESSONS)
