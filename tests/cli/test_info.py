"""``concli info`` as a person, a script and a bug report meet it."""

import json
import os
import platform
import pty
import subprocess
import sys

import pytest

from tests.conftest import ROOT, RunConcli


def test_it_tells_a_person_what_there_is_and_what_to_report(concli: RunConcli) -> None:
    done = concli("info")
    assert (done.returncode, done.stderr) == (0, b"")
    text = done.stdout.decode()
    for word in ("python", "GIL", "CPUs", "memory", "BLAS", "terminal", "[peers]", "For a bug report", "--json"):
        assert word in text
    assert platform.python_version() in text
    assert "no stream is one, 100x" in text


def test_it_tells_a_script_the_same_as_a_document(concli: RunConcli) -> None:
    done = concli("info", "--json")
    assert (done.returncode, done.stderr) == (0, b"")
    found = json.loads(done.stdout)
    assert found["schema"] == "concli.info/1"
    assert found["terminal"]["stdout_is_terminal"] is False
    assert found["terminal"]["columns"] == 100


def test_a_terminal_is_one_with_its_width_and_without_colours_if_they_are_not_wanted(
    concli: RunConcli, concli_env: dict[str, str]
) -> None:
    for extra, colours in (({"NO_COLOR": "1"}, ", NO_COLOR"), ({"TERM": "dumb"}, "colours none")):
        controller, terminal = pty.openpty()
        env = {name: value for name, value in concli_env.items() if name != "NO_COLOR"}
        env |= {"TERM": "xterm", "COLORTERM": "", "LINES": "30"} | extra
        assert concli("info", env=env, stdout=terminal, stderr=terminal).returncode == 0
        os.close(terminal)
        shown = b""
        while b"the --seed" not in shown:
            shown += os.read(controller, 10_000)
        os.close(controller)
        assert b"stdout, stderr is one, 100x30" in shown
        assert colours.encode() in shown
        assert b"\x1b" not in shown


def test_without_streams_numpy_and_psutil_it_still_answers(concli_env: dict[str, str]) -> None:
    code = (
        "import sys; sys.argv[1:] = ['info']; sys.modules['numpy'] = sys.modules['psutil'] = None\n"
        "sys.stdin = None\n"
        "from concli.cli import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, cwd=ROOT, env=concli_env, timeout=50
    )
    assert b"unknown: numpy can't be imported" in done.stdout


def test_what_is_missing_is_named_with_the_line_that_installs_it(concli_env: dict[str, str]) -> None:
    code = (
        "import sys; sys.argv[1:] = ['info']\n"
        "from importlib import metadata\n"
        "real = metadata.version\n"
        "def version(name):\n"
        "    if name == 'culsans': raise metadata.PackageNotFoundError(name)\n"
        "    return real(name)\n"
        "metadata.version = version\n"
        "from concli.cli import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, cwd=ROOT, env=concli_env, timeout=50
    )
    lines = done.stdout.decode().splitlines()
    line = next(line for line in lines if "missing:" in line and "[peers]" in line)
    assert "culsans" in line
    assert "python -m pip install '" in line


@pytest.mark.parametrize("command", [["info"], ["explain"], ["explain", "rwlock", "--json"]])
def test_an_output_that_cannot_be_used_is_exit_3_and_a_closed_one_141(
    concli_env: dict[str, str], command: list[str]
) -> None:
    arguments = [sys.executable, "-m", "concli", *command]
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            arguments, check=False, stdout=full, stderr=subprocess.PIPE, env=concli_env, cwd=ROOT, timeout=50
        )
    assert (done.returncode, done.stderr) == (3, b"concli: standard output: no space left on device\n")
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=concli_env, cwd=ROOT)
    assert process.stdout
    process.stdout.close()
    assert process.stderr
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(50) == 141


@pytest.mark.parametrize("command", ["info", "explain", "completion"])
def test_help_imports_nothing_that_only_the_command_needs(command: str) -> None:
    code = (
        f"import sys; sys.argv[1:] = ['{command}', '--help']\n"
        "from concli.cli import main\n"
        "try: main()\n"
        "except SystemExit as done: assert not done.code\n"
        "heavy = {'numpy', 'rich', 'psutil', 'concli.lab', 'concli.arrays', 'concli.verify', 'concli.metrics'}\n"
        "print(heavy & set(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, cwd=ROOT, timeout=50)
    assert done.stderr == b"set()\n"


def test_wrong_usage_is_one_line_and_exit_2(concli: RunConcli) -> None:
    done = concli("info", "more")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
