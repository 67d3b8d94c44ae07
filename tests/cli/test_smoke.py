"""``concli smoke`` as a user, CI and a signal meet it."""

import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import xml.etree.ElementTree as ET
from pathlib import Path

import click
import pytest

from concli.cli import concli as root
from concli.lab.smoke_cases import CASES
from tests.conftest import ROOT, RunConcli
from tests.test_readme import commands

# Loaded by each interpreter as it starts: a law that no command keeps, and a command that hangs.
LAWLESS = """
from concli.metrics import Run
real = Run.check
Run.check = lambda run, name, passed, detail: real(run, name, passed and name != "no write is lost", detail)
"""
HUNG = """
import os, sys, threading
if "-c" in sys.orig_argv and "thread-local" in sys.orig_argv:
    with open(os.environ["HUNG"], "w") as told:
        told.write(str(os.getpid()))
    threading.Event().wait()
"""
ENABLING = """
import sys
if "-c" in sys.orig_argv and "futures" in sys.orig_argv:
    import needy
"""
# An extension that does not say it can do without the GIL.
NEEDY = """
#include <Python.h>
static struct PyModuleDef needy = {PyModuleDef_HEAD_INIT, "needy"};
PyMODINIT_FUNC PyInit_needy(void) { return PyModule_Create(&needy); }
"""


@pytest.fixture
def env(concli_env: dict[str, str]) -> dict[str, str]:
    """An environment in which warnings are no errors, as everywhere but in tests."""
    return {name: value for name, value in concli_env.items() if name != "PYTHONWARNINGS"}


def hacked(env: dict[str, str], tmp_path: Path, code: str) -> dict[str, str]:
    (tmp_path / "hack").mkdir()
    (tmp_path / "hack" / "sitecustomize.py").write_text(code)
    return env | {"PYTHONPATH": f"{tmp_path / 'hack'}:{ROOT}"}


def leaves() -> set[str]:
    found = commands(root)
    return {path.removeprefix("concli ") for path, command in found if not isinstance(command, click.Group)}


def counts(junit: bytes) -> list[str | None]:
    suite = ET.fromstring(junit).find("testsuite")
    assert suite is not None
    return [suite.get(name) for name in ("tests", "failures", "errors", "skipped")]


def test_every_command_there_is_has_one_case() -> None:
    assert sorted(case.command for case in CASES) == sorted(leaves() - {"smoke"})


def test_every_command_passes_with_its_checks_counted(concli: RunConcli, tmp_path: Path) -> None:
    done = concli("smoke", "--json", "--junit", "smoke.xml")
    assert done.returncode == 0, done.stderr.decode()
    report = json.loads(done.stdout)
    assert (report["schema"], report["command"]) == ("concli.report/1", "smoke")
    rows = {row["command"]: row for row in report["result"]["commands"]}
    assert rows.keys() == leaves() - {"smoke"}
    assert {row["outcome"] for row in rows.values()} == {"ok"}
    assert [check["name"] for check in report["checks"]] == sorted(rows)
    assert all(row["checks"] and row["seconds"] > 0 for row in rows.values())
    for case in CASES:
        assert not case.counted or rows[case.command]["items"], case.command
    totals = report["totals"]
    assert totals["ok"] == totals["commands"] == len(CASES)
    assert totals["checks_passed"] == totals["checks"] == sum(len(row["checks"]) for row in rows.values())
    assert counts((tmp_path / "smoke.xml").read_bytes()) == [str(len(CASES)), "0", "0", "0"]
    table = done.stderr.decode().splitlines()
    assert {line.split("  ")[0].split(" ok")[0].strip() for line in table} >= rows.keys()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["smoke.xml"]


def test_quiet_means_silent(concli: RunConcli) -> None:
    done = concli("smoke", "completion", "-q")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_a_check_that_fails_is_exit_1_and_stands_in_table_json_and_junit(
    concli: RunConcli, env: dict[str, str], tmp_path: Path
) -> None:
    broken = hacked(env, tmp_path, LAWLESS) | {"COLUMNS": "200"}
    done = concli("smoke", "rwlock", "explain", "--json", "--junit", "smoke.xml", "-v", env=broken)
    assert done.returncode == 1
    stderr = done.stderr.decode()
    row = next(line for line in stderr.splitlines() if line.startswith("rwlock "))
    assert row.split()[1] == "failed"
    assert "no write is lost: " in row
    assert "concli: check failed: rwlock: no write is lost: " in stderr
    result = json.loads(done.stdout)["result"]["commands"]
    assert [(row["command"], row["outcome"]) for row in result] == [("explain", "ok"), ("rwlock", "failed")]
    assert result[1]["failure"].startswith("no write is lost: ")
    assert result[1]["output"] in stderr
    junit = (tmp_path / "smoke.xml").read_bytes()
    assert counts(junit) == ["2", "1", "0", "0"]
    failure = ET.fromstring(junit).find(".//testcase[@name='rwlock']/failure")
    assert failure is not None
    assert (failure.get("message") or "").startswith("no write is lost: ")


def test_a_command_that_hangs_is_killed_and_fails(concli: RunConcli, env: dict[str, str], tmp_path: Path) -> None:
    stuck = hacked(env, tmp_path, HUNG) | {"HUNG": str(tmp_path / "pid")}
    done = concli("smoke", "thread-local", "completion", "--timeout", "5", "--json", env=stuck)
    assert done.returncode == 1
    row = json.loads(done.stdout)["result"]["commands"][1]
    assert (row["outcome"], row["failure"]) == ("failed", "it ends: not within 5 s, and was killed")
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_gives_the_results_so_far_and_leaves_no_child(
    env: dict[str, str], tmp_path: Path, number: signal.Signals, code: int
) -> None:
    os.mkfifo(tmp_path / "pid")
    stuck = hacked(env, tmp_path, HUNG) | {"HUNG": str(tmp_path / "pid")}
    words = [sys.executable, "-m", "concli", "smoke", "completion", "thread-local", "-t", "1", "--junit", "smoke.xml"]
    process = subprocess.Popen(
        [*words, "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=stuck, cwd=tmp_path
    )
    child = int((tmp_path / "pid").read_text())
    process.send_signal(number)
    stdout, stderr = process.communicate(timeout=50)
    assert process.returncode == code
    assert f"stopped by {number.name}" in stderr.decode().splitlines()[0]
    rows = json.loads(stdout)["result"]["commands"]
    assert [row["outcome"] for row in rows] == ["ok", "skipped"]
    assert counts((tmp_path / "smoke.xml").read_bytes()) == ["2", "0", "0", "1"]
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["rwlok"], 2, "there is no command 'rwlok' to smoke; choose from "),
        (["--timeout", "0"], 2, "--timeout"),
        (["--junit", "-", "--json"], 2, "--junit -"),
        (["--junit", "no/where.xml"], 3, "no/where.xml: no such directory"),
    ],
)
def test_wrong_usage_is_one_line_before_anything_runs(
    concli: RunConcli, arguments: list[str], code: int, words: str
) -> None:
    done = concli("smoke", *arguments)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (code, b"", 1)
    assert words in done.stderr.decode()


def test_a_place_for_junit_that_cannot_be_written_is_exit_3_after_the_table(concli: RunConcli) -> None:
    done = concli("smoke", "completion", "--junit", "/dev/full")
    assert done.returncode == 3
    assert "1 ok" in done.stderr.decode()
    assert "no space left" in done.stderr.decode()


def test_the_gil_is_told_of(concli: RunConcli) -> None:
    line = concli("smoke", "futures").stderr.decode().splitlines()[-1]
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        assert line.startswith("GIL  off")
    else:
        assert line.startswith("GIL  on; this build")


def test_an_import_that_turns_the_gil_on_is_named(concli: RunConcli, env: dict[str, str], tmp_path: Path) -> None:
    compiler = shutil.which("cc")
    header = os.path.join(sysconfig.get_path("include"), "Python.h")
    if not sysconfig.get_config_var("Py_GIL_DISABLED") or compiler is None or not os.path.exists(header):
        pytest.skip("it takes a free-threaded build, and a compiler for an extension that needs the GIL")
    changed = hacked(env, tmp_path, ENABLING)
    (tmp_path / "needy.c").write_text(NEEDY)
    library = tmp_path / "hack" / f"needy{sysconfig.get_config_var('EXT_SUFFIX')}"
    words = [
        compiler,
        "-shared",
        "-fPIC",
        f"-I{os.path.dirname(header)}",
        str(tmp_path / "needy.c"),
        "-o",
        str(library),
    ]
    subprocess.run(words, check=True, timeout=50)
    done = concli("smoke", "futures", "completion", "--json", env=changed)
    assert done.returncode == 0, done.stderr.decode()
    result = json.loads(done.stdout)["result"]
    assert (result["gil"], result["gil_enabled_by"]) == (True, {"futures": "needy"})
    assert "because of: needy (futures)" in " ".join(done.stderr.decode().split())


def test_a_gil_that_was_asked_for_is_passed_on(env: dict[str, str], tmp_path: Path) -> None:
    if not sysconfig.get_config_var("Py_GIL_DISABLED"):
        pytest.skip("there is nothing to ask for")
    words = [sys.executable, "-X", "gil=1", "-m", "concli", "smoke", "info", "--json", "-q"]
    done = subprocess.run(words, check=True, capture_output=True, env=env, cwd=tmp_path, timeout=50)
    result = json.loads(done.stdout)["result"]
    assert result["gil_enabled_by"] == {"info": "-X gil=1"}


def test_help_imports_nothing_that_only_the_command_needs() -> None:
    code = (
        "import sys; sys.argv[1:] = ['smoke', '--help']\n"
        "from concli.cli import main\n"
        "try: main()\n"
        "except SystemExit as done: assert not done.code\n"
        "heavy = {'numpy', 'rich', 'psutil', 'concli.lab', 'concli.verify', 'concli.metrics'}\n"
        "print(heavy & set(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, cwd=ROOT, timeout=50)
    assert done.stderr == b"set()\n"
