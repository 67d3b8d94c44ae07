"""Completion in the shells, by the scripts ``concli completion`` prints."""

import subprocess
from pathlib import Path

import click
import pytest

from concli.cli import concli as root
from tests.conftest import RunConcli
from tests.test_readme import commands

# What names a file, wherever it is spelled so.
FILES = {"FILE", "OUT", "[INPUT]...", "DIR", "PATH"}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_script_is_printed_for_each_shell(concli: RunConcli, shell: str) -> None:
    done = concli("completion", shell)
    assert done.returncode == 0
    script = done.stdout.decode()
    assert "concli" in script
    assert f"_CONCLI_COMPLETE={shell}_complete" in script


def test_without_a_shell_it_is_the_users_own(concli: RunConcli, concli_env: dict[str, str]) -> None:
    own = concli("completion", env=concli_env | {"SHELL": "/usr/bin/fish"})
    assert own.stdout == concli("completion", "fish").stdout
    for unknown in ("/bin/tcsh", ""):
        done = concli("completion", env=concli_env | {"SHELL": unknown})
        assert done.returncode == 2
        assert done.stderr.decode().count("\n") == 1
        assert "bash|zsh|fish" in done.stderr.decode()


def complete(concli: RunConcli, env: dict[str, str], *words: str) -> list[str]:
    env = env | {"_CONCLI_COMPLETE": "bash_complete", "COMP_WORDS": " ".join(words), "COMP_CWORD": str(len(words) - 1)}
    done = concli(env=env)
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout.decode().splitlines()


def test_commands_options_choices_files_and_patterns_are_completed(
    concli: RunConcli, concli_env: dict[str, str]
) -> None:
    assert complete(concli, concli_env, "concli", "compl") == ["plain,completion"]
    assert "plain,--rejects" in complete(concli, concli_env, "concli", "logs", "process", "--re")
    assert complete(concli, concli_env, "concli", "logs", "process", "--to", "js") == ["plain,jsonl"]
    assert complete(concli, concli_env, "concli", "logs", "process", "sam") == ["file,sam"]
    assert complete(concli, concli_env, "concli", "logs", "process", "--report", "rep") == ["file,rep"]
    assert complete(concli, concli_env, "concli", "explain", "rw") == ["plain,rwlock"]


@pytest.mark.parametrize(
    ("path", "parameter"),
    [
        (path, parameter)
        for path, command in commands(root)
        for parameter in command.params
        if parameter.metavar in FILES
    ],
    ids=str,
)
def test_every_option_that_takes_a_file_completes_files(path: str, parameter: click.Parameter) -> None:
    context = click.Context(root)
    assert [item.type for item in parameter.shell_complete(context, "x")] == ["file"], f"{path} {parameter.name}"


def test_bash_completes_with_the_script(concli: RunConcli, tmp_path: Path) -> None:
    script = concli("completion", "bash").stdout.decode()
    fake = tmp_path / "concli"
    fake.write_text('#!/bin/sh\necho "plain,$COMP_CWORD"\n')
    fake.chmod(0o755)
    (tmp_path / "script").write_text(
        f'{script}\nCOMP_WORDS=(concli logs pro) COMP_CWORD=2\n_concli_completion "{fake}"\necho "${{COMPREPLY[@]}}"\n'
    )
    done = subprocess.run(["bash", "--norc", tmp_path / "script"], check=True, capture_output=True, timeout=50)
    assert done.stdout == b"2\n"
