import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.conformance.run import MARKS
from tests.conformance.suites import SUITES
from tests.conftest import ROOT

# Those that are done in a few seconds; `make conformance` runs the others too.
QUICK = ["test_queue", "BarrierTests", "RLockTests", "lock_tests.LockTests", "FutureTests", "test_init", "local"]


def run(*arguments: str, path: Path | None = None) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, str(ROOT / "tests" / "conformance" / "run.py"), *arguments]
    env = {**os.environ, "PYTHONPATH": str(path or "")}
    return subprocess.run(command, check=False, capture_output=True, env=env, text=True, timeout=50)


def rows_of(table: str) -> list[list[str]]:
    """Return the cells of each row."""
    return [line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("| `")]


def test_the_quick_suites_pass() -> None:
    with ThreadPoolExecutor(len(QUICK)) as pool:
        for done in pool.map(run, QUICK):
            if done.returncode != 2:  # some systems leave the test package out, or a part of it
                assert done.returncode == 0, done.stderr
                assert all(failed in "0-" for *_, failed in rows_of(done.stdout))


def test_a_class_that_does_not_conform_is_found_out(tmp_path: Path) -> None:
    pytest.importorskip("test.test_threading_local", reason="some systems leave the test package out")
    broken = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from concli import patterns\n"
    broken += "patterns.ThreadAttributes = type('Shared', (), {})"
    (tmp_path / "sitecustomize.py").write_text(broken)
    done = run("test_threading_local", path=tmp_path)
    assert done.returncode == 1
    assert "test_threading_local failed\nTraceback" in done.stderr
    ((_, _, tests, passed, left_out, failed),) = rows_of(done.stdout)
    assert int(tests) == int(passed) + int(left_out) + int(failed)
    assert int(failed) >= 2


def test_a_suite_that_hangs_is_ended_and_has_failed() -> None:
    pytest.importorskip("test.lock_tests", reason="some systems leave the test package out")
    done = run("BarrierTests", "--limit", "0.001")
    assert done.returncode == 1
    assert "Timeout" in done.stderr
    assert [row[-1] for row in rows_of(done.stdout)] == ["1"]


def test_an_interpreter_without_tests_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "test").mkdir()
    (tmp_path / "test" / "__init__.py").touch()
    done = run("lock_tests", path=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "nothing to run" in done.stderr.splitlines()[-1]


def test_the_table_is_written_into_its_place(tmp_path: Path) -> None:
    pytest.importorskip("test.test_queue", reason="some systems leave the test package out")
    file = tmp_path / "page.md"
    file.write_text(f"before\n{MARKS[0]}old\n{MARKS[1]}\nafter\n")
    done = run("FailingQueueTest", "--write", str(file))
    assert done.returncode == 0, done.stderr
    assert file.read_text() == f"before\n{MARKS[0]}{done.stdout}{MARKS[1]}\nafter\n"
    assert "FailingQueueTest.test_failing_queue`: " in done.stdout  # with the reason


def test_a_file_without_a_place_for_the_table_stays_as_it_is(tmp_path: Path) -> None:
    pytest.importorskip("test.test_queue", reason="some systems leave the test package out")
    file = tmp_path / "page.md"
    file.write_text("no marks\n")
    done = run("FailingQueueTest", "--write", str(file))
    assert done.returncode not in (0, 2)
    assert "there is no place for the table" in done.stderr
    assert file.read_text() == "no marks\n"


def test_the_readme_has_the_whole_table_and_nothing_has_failed() -> None:
    _, _, rest = (ROOT / "README.md").read_text().partition(MARKS[0])
    rows = rows_of(rest.partition(MARKS[1])[0])
    assert [(row[0].strip("`"), re.sub("`", "", row[1])) for row in rows] == [(one.name, one.ours) for one in SUITES]
    assert {row[-1] for row in rows} == {"0"}
