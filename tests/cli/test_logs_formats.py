"""``concli logs formats`` as a person and a script meet it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import ROOT

Formats = Callable[..., "subprocess.CompletedProcess[bytes]"]

GOOD = r"""
[[format]]
name = "bakery"
pattern = '(?P<timestamp>\S+ \S+) (?P<level>[A-Z]) oven=(?P<oven>\d+) (?P<message>.*)'
example = ["2026-11-22 16:35:43 W oven=2 the bread is dark", "  very"]
levels = { W = "WARNING" }
types = { oven = "number" }
"""


@pytest.fixture
def formats(concli_env: dict[str, str], tmp_path: Path) -> Formats:
    """Run the command by itself, behind the boundary that every command has."""
    code = (
        "from concli.cli.boundary import run_guarded\nfrom concli.cli.logs_formats import formats\nrun_guarded(formats)"
    )

    def run(*arguments: object, **options: object) -> "subprocess.CompletedProcess[bytes]":
        command = [sys.executable, "-c", code, *map(str, arguments)]
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
        return subprocess.run(command, check=False, env=concli_env, cwd=tmp_path, timeout=50, **streams)  # type: ignore[call-overload, no-any-return] # streams of any kind

    return run


def test_they_are_listed_with_a_title_and_an_example_each(formats: Formats) -> None:
    done = formats()
    assert (done.returncode, done.stderr) == (0, b"")
    text = done.stdout.decode()
    for name in ("base", "combined", "syslog", "json", "docker", "postgresql", "klog", "general"):
        assert f"\n{name}: " in "\n" + text
    assert "    19743:M 22 Nov 2026 16:34:44.391 # Server initialized\n" in text


def test_a_script_gets_them_as_a_document(formats: Formats) -> None:
    document = json.loads(formats("--json").stdout)
    assert document["schema"] == "concli.formats/1"
    listed = {each["name"]: each for each in document["formats"]}
    assert all(each["passed"] and each["entries"] for each in listed.values())
    assert listed["redis"]["fields"] == ["pid", "role"]
    assert listed["redis"]["entries"][0]["fields"] == {"pid": 19743, "role": "M"}


def test_ones_own_are_shown_with_what_they_make_of_their_examples(formats: Formats, tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(GOOD)
    done = formats("--check", "own.toml")
    assert (done.returncode, done.stderr) == (0, b"")
    text = done.stdout.decode()
    for line in (
        "timestamp = 2026-11-22T16:35:43",
        "level = WARNING",
        r"the bread is dark\n  very",
        "oven = 2",
        "ok: 1 entry",
    ):
        assert line in text
    (entry,) = json.loads(formats("--check", "own.toml", "--json").stdout)["formats"][0]["entries"]
    assert entry["fields"] == {"oven": 2}


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        (("2026-11-22 16:35:43 W oven=2", "2026-11-22 16:35:43 W oven=two"), "line 1 of the example: not bakery"),
        (("2026-11-22", "2026-02-30"), "line 1 of the example: impossible date"),
        (('"2026-11-22 16:35:43 W oven=2 the bread is dark", "  very"', '" "'), "the example has no entry"),
    ],
)
def test_an_example_that_is_not_what_the_pattern_matches_is_exit_1(
    formats: Formats, tmp_path: Path, change: tuple[str, str], shown: str
) -> None:
    (tmp_path / "own.toml").write_text(GOOD.replace(*change))
    done = formats("--check", "own.toml")
    assert (done.returncode, done.stderr) == (1, b"")
    assert "FAILED" in done.stdout.decode()
    assert shown in done.stdout.decode()


def test_without_an_example_there_is_nothing_to_check(formats: Formats, tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text("[[format]]\nname = 'a'\npattern = '(?P<x>y)'")
    done = formats("--check", "own.toml")
    assert done.returncode == 0
    assert b"nothing to check" in done.stdout


@pytest.mark.parametrize(
    ("text", "code"), [("x =", 2), ("[[format]]\nname = 'a'\npattern = '('", 2), ("", 2), (None, 3)]
)
def test_a_file_that_makes_no_sense_is_exit_2_and_one_that_cannot_be_read_3(
    formats: Formats, tmp_path: Path, text: str | None, code: int
) -> None:
    if text is not None:
        (tmp_path / "own.toml").write_text(text)
    done = formats("--check", "own.toml")
    assert (done.returncode, done.stdout) == (code, b"")
    assert done.stderr.startswith(b"concli: own.toml: ")
    assert len(done.stderr.splitlines()) == 1


def test_what_a_terminal_would_obey_is_shown_as_an_escape(formats: Formats, tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(GOOD.replace("the bread", r"\u001b[31m"))
    assert b"\x1b" not in formats("--check", "own.toml").stdout


def test_an_output_that_cannot_be_used_is_exit_3(formats: Formats) -> None:
    descriptor = os.open("/dev/full", os.O_WRONLY)
    done = formats(stdout=descriptor)
    os.close(descriptor)
    assert (done.returncode, done.stderr) == (3, b"concli: standard output: no space left on device\n")


def test_help_imports_nothing_that_only_the_command_needs() -> None:
    code = (
        "import sys; sys.argv[1:] = ['--help']\n"
        "from concli.cli.boundary import run_guarded\nfrom concli.cli.logs_formats import formats\n"
        "try: run_guarded(formats)\n"
        "except SystemExit as done: assert not done.code\n"
        "print({'numpy', 'rich', 'concli.logs'} & set(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, cwd=ROOT, timeout=50)
    assert done.stderr == b"set()\n"
