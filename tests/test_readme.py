"""The README is run: every command it shows works, and every command there is stands in it."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import click
import pytest

from concli.cli import concli
from tests.conftest import ROOT

README = (ROOT / "README.md").read_text()
# Blocks marked `console` hold commands behind a dollar sign and what they print.
COMMANDS = [
    line.removeprefix("$ ")
    for block in re.findall(r"^```console\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    for line in block.splitlines()
    if line.startswith("$ ")
]


def commands(command: click.Command, path: str = "concli") -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        for name, child in command.commands.items():
            yield from commands(child, f"{path} {name}")


@pytest.mark.parametrize(("path", "command"), list(commands(concli)), ids=str)
def test_every_command_and_option_has_help(path: str, command: click.Command) -> None:
    assert command.help, path
    for parameter in command.params:
        assert isinstance(parameter, click.Argument) or getattr(parameter, "help", None), f"{path} {parameter.name}"


@pytest.mark.parametrize("path", [path for path, command in commands(concli) if not isinstance(command, click.Group)])
def test_every_command_stands_in_the_readme(path: str) -> None:
    assert path in README


@pytest.fixture
def shell(tmp_path: Path) -> dict[str, str]:
    """An environment in which `concli` is this checkout's."""
    script = tmp_path / "bin" / "concli"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m concli "$@"\n')
    script.chmod(0o755)
    return {**os.environ, "PATH": f"{script.parent}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT), "COLUMNS": "80"}


@pytest.mark.parametrize("command", [command for command in COMMANDS if not command.startswith(("make", "git", "pip"))])
def test_commands_in_the_readme_work(command: str, shell: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "sample_logs").symlink_to(ROOT / "sample_logs")
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], check=False, capture_output=True, env=shell, cwd=tmp_path, timeout=50
    )
    assert done.returncode == 0, done.stderr.decode()


def test_the_readme_begins_with_the_two_commands() -> None:
    assert [command for command in COMMANDS if command.startswith("make")][:2] == ["make demo", "make test"]


@pytest.mark.timeout(300)
def test_make_demo_sets_up_and_runs_the_main_job() -> None:
    done = subprocess.run(["make", "demo"], check=False, capture_output=True, cwd=ROOT, timeout=280)
    assert done.returncode == 0, done.stderr.decode()
    assert b"read = " in done.stderr


def test_make_help_names_every_target() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE)
    shown = subprocess.run(["make", "help"], check=True, capture_output=True, cwd=ROOT, text=True).stdout
    assert {"help", "demo", "test", "lint", "bench"} <= set(targets)
    assert all(re.search(rf"^  {target} ", shown, re.MULTILINE) for target in targets)


@pytest.mark.parametrize(
    "target",
    [
        "test",
        "lint",
        "conformance",
        "bench",
        "bench-logs",
        "bench-formats",
        "bench-arrays",
        "bench-tasks",
        "bench-monitor",
        "bench-patterns",
        "bench-lab",
        "stress",
    ],
)
def test_the_other_targets_are_there(target: str) -> None:
    subprocess.run(["make", "-n", target], check=True, capture_output=True, cwd=ROOT)


def test_the_python_in_the_readme_prints_what_it_should(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    blocks = re.findall(r"^```(python|text)\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    printed = []
    for (kind, code), (_, after) in pairwise([*blocks, ("", "")]):
        if kind == "python":
            (tmp_path / "inbox.py").write_text(code)
            exec(compile(code, str(tmp_path / "inbox.py"), "exec"), {"__name__": "inbox"})
            printed.append((capsys.readouterr().out, after))
    (found, shown), (total, _) = printed
    assert found == shown
    assert total == "14\n"
