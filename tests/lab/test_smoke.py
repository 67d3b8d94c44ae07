"""The job of the smoke run, with a concli that does what a test needs."""

import os
import sys
import sysconfig
import threading
from pathlib import Path
from typing import Any

import pytest

from concli.errors import OutputError
from concli.lab import smoke as module
from concli.lab.smoke import Row, Smoke
from concli.lab.smoke_cases import Case, chosen
from concli.metrics import Check, Run, Trace
from concli.patterns import ThreadGroup

# Writes a report of itself. The words behind its name say what it does besides.
FAKE = r"""
import faulthandler, json, os, signal, subprocess, sys, threading
faulthandler.register(signal.SIGUSR1)
words = sys.argv[1:]

def hang_here():
    threading.Event().wait()

checks = [{"name": "a law", "passed": "break" not in words, "detail": "1 of 1"}] * ("lawless" not in words)
report = {"schema": "concli.report/1", "command": words[0], "checks": checks, "host": {"gil": "gil" in words}}
report |= {"totals": {"read": 7}, "result": {"items": 5}, "elapsed_s": 0.5}
if "mute" not in words:
    print(json.dumps(report), file=open("report.json", "w"))
if "fork" in words:
    print(subprocess.Popen(["sleep", "1000"]).pid, file=open("../child", "w"), flush=True)
if "print" in words:
    print("hello", os.environ.get("CONCLI_SEED"), os.environ.get("KEPT"))
if "hang" in words:
    open("../hangs", "w").close()
    hang_here()
if "throw" in words:
    thread = threading.Thread(target=lambda: 1 / 0)
    thread.start()
    thread.join()
if "enable" in words:
    print("RuntimeWarning: The global interpreter lock (GIL) has been enabled to load module 'old._core', which",
          file=sys.stderr)
if "crash" in words:
    os.kill(os.getpid(), signal.SIGKILL)
if "refuse" in words:
    print("concli: no such option\nTraceback (most recent call last):\n  and so on", file=sys.stderr)
    sys.exit(2)
"""


@pytest.fixture
def fake(tmp_path: Path) -> list[str]:
    (tmp_path / "fake.py").write_text(FAKE)
    return [sys.executable, str(tmp_path / "fake.py")]


def rows(fake: list[str], *cases: Case, timeout_s: float = 30) -> dict[str, Row]:
    smoke = Smoke(cases, Run("smoke", {}), at_once=2, timeout_s=timeout_s, program=fake)
    smoke.smoke()
    return {row.command: row for row in smoke.rows()}


def test_a_command_whose_checks_pass_is_ok_with_its_figures(fake: list[str]) -> None:
    found = rows(fake, Case("one"), Case("two", counted="read"), Case("three", ("print",), answer="none"))
    assert {row.outcome for row in found.values()} == {"ok"}
    assert list(found) == ["one", "three", "two"]
    one = found["one"].plain()
    assert (one["items"], one["items_per_s"], one["gil"], one["failure"]) == (5, 10.0, False, None)
    assert Check("a law", True, "1 of 1") in one["checks"]
    assert one["calls"] == ("concli one --report report.json --quiet --verbose --no-live",)
    assert found["two"].items == 7
    assert found["three"].plain()["items_per_s"] is None


@pytest.mark.parametrize(
    ("word", "failure"),
    [
        ("break", "a law: 1 of 1"),
        ("lawless", "its answer can be read: there is no check in it"),
        ("mute", "its answer can be read: FileNotFoundError: *"),
        ("refuse mute", "it succeeds: exit code 2: concli: no such option"),
        ("crash", "it succeeds: killed by SIGKILL"),
        ("throw", "no exception is left to the interpreter: ZeroDivisionError: division by zero"),
    ],
)
def test_whatever_goes_wrong_is_a_check_that_fails(fake: list[str], word: str, failure: str) -> None:
    run = Run("smoke", {})
    smoke = Smoke([Case("bad", (word,)), Case("good")], run, at_once=1, timeout_s=30, program=fake)
    smoke.smoke()
    bad, good = smoke.rows()
    assert (bad.outcome, good.outcome) == ("failed", "ok")
    assert (bad.failure or "").startswith(failure.rstrip("*"))
    report = run.snapshot()
    assert [(check.name, check.passed) for check in report.checks] == [("bad", False), ("good", True)]
    assert report.checks[0].detail == bad.failure
    assert report.totals["commands"] == report.totals["ok"] + report.totals["failed"] == 2


def test_an_answer_about_something_else_fails(fake: list[str]) -> None:
    assert rows(fake, Case("one two"))["one two"].failure == ("its answer can be read: it is a concli.report/1 of one")
    assert "JSONDecodeError" in str(rows(fake, Case("one", ("print",), answer="stdout"))["one"].failure)


def test_a_judge_that_does_not_find_what_it_looks_for_fails(fake: list[str]) -> None:
    case = Case("one", judge=lambda call: [Check("there", call.document["nothing"], "")])
    assert rows(fake, case)["one"].failure == "its answer is as it should be: KeyError: 'nothing'"


def test_several_calls_are_told_apart(fake: list[str]) -> None:
    row = rows(fake, Case("one", ("fine", "break")))["one"]
    assert row.failure == "break: a law: 1 of 1"
    assert len(row.calls) == 2
    stale = rows(fake, Case("one", ("fine", "mute")))["one"]
    assert (stale.failure or "").startswith("mute: its answer can be read: FileNotFoundError")


def test_one_that_hangs_is_killed_with_its_children_and_says_where_it_was(fake: list[str], tmp_path: Path) -> None:
    (tmp_path / "tmp").mkdir()
    row = rows(fake, Case("stuck", ("hang fork",), prepare=lambda folder: keep(folder, tmp_path)), timeout_s=2)["stuck"]
    assert row.outcome == "failed"
    assert row.failure == "it ends: not within 2 s, and was killed"
    assert "in hang_here" in row.output
    assert_gone(int((tmp_path / "child").read_text()))


def keep(folder: str, place: Path) -> None:
    """Have what is written beside ``folder`` kept."""
    for name in ("child", "hangs"):
        (Path(folder).parent / name).symlink_to(place / name)


def assert_gone(pid: int) -> None:
    """A process that was killed is gone, or nobody's child and about to be."""
    try:
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (ProcessLookupError, FileNotFoundError):
        return
    assert state == "Z"


def test_an_interrupt_leaves_the_results_so_far_and_no_process(
    fake: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Interrupt(BaseException):
        pass

    os.mkfifo(tmp_path / "hangs")
    run = Run("smoke", {})
    cases = [Case("first"), Case("second", ("fork hang",), lambda folder: keep(folder, tmp_path)), Case("third")]
    smoke = Smoke(cases, run, at_once=1, timeout_s=50, program=fake)

    class Group(ThreadGroup):
        def wait(self, timeout: float | None = None) -> bool:
            if timeout is None:
                (tmp_path / "hangs").open("rb").close()  # until it hangs
                raise Interrupt
            return super().wait(timeout)

    monkeypatch.setattr(module, "ThreadGroup", Group)
    with pytest.raises(Interrupt):
        smoke.smoke()
    assert [row.outcome for row in smoke.rows()] == ["ok", "skipped", "skipped"]
    totals = run.snapshot().totals
    assert (totals["ok"], totals["failed"], totals["skipped"]) == (1, 0, 2)
    assert_gone(int((tmp_path / "child").read_text()))


def test_the_settings_of_the_caller_do_not_reach_the_commands(fake: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONCLI_SEED", "7")
    monkeypatch.setenv("KEPT", "yes")
    said: list[str] = []
    rows(fake, Case("one", ("print",), judge=lambda call: said.append(call.stdout) or ()))  # type: ignore[func-returns-value]
    assert said == ["hello None yes\n"]


def test_what_cannot_be_started_or_prepared_fails_alone(fake: list[str], tmp_path: Path) -> None:
    row = rows([str(tmp_path / "nothing")], Case("one"))["one"]
    assert "it can't be started" in str(row.failure)

    def prepare(_: str) -> None:
        raise OSError(28, "no space left")

    found = rows(fake, Case("full", prepare=prepare), Case("good"))
    assert [row.outcome for row in found.values()] == ["failed", "ok"]


def test_without_a_place_for_temporary_files_it_is_an_output_that_cannot_be_used(
    fake: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module.tempfile, "tempdir", "/nowhere/at/all")  # type: ignore[attr-defined]
    with pytest.raises(OutputError, match="temporary"):
        rows(fake, Case("one"))


def test_as_many_run_at_a_time_as_asked_for_and_a_trace_has_each(fake: list[str]) -> None:
    both = threading.Barrier(2, timeout=50)
    trace = Trace()
    run = Run("smoke", {}, trace)
    cases = [Case(name, prepare=lambda _: both.wait()) for name in ("one", "two")]
    Smoke(cases, run, at_once=8, timeout_s=50, program=fake).smoke()
    assert '"name": "two"' in trace.to_json()
    assert [thread.name for thread in run.snapshot().threads] == ["smoke-1", "smoke-2"]
    assert sum(thread.operations for thread in run.snapshot().threads) == 2


def result(fake: list[str], *cases: Case) -> dict[str, Any]:
    run = Run("smoke", {})
    Smoke(cases, run, at_once=1, timeout_s=50, program=fake).smoke()
    return dict(run.snapshot().result)


def test_an_import_that_turns_the_gil_on_is_named_and_is_no_failure(fake: list[str]) -> None:
    found = result(fake, Case("one", ("gil enable",)), Case("two"))
    assert found["gil"] is True
    assert found["gil_enabled_by"] == {"one": "old._core"}
    assert found["commands"][0]["outcome"] == "ok"
    assert found["free_threaded"] is bool(sysconfig.get_config_var("Py_GIL_DISABLED"))


def test_a_gil_that_a_report_tells_of_is_known_too_and_else_it_is_that_of_this_process(fake: list[str]) -> None:
    here = getattr(sys, "_is_gil_enabled", lambda: True)()
    assert result(fake, Case("one", ("gil",)))["gil"] is True
    found = result(fake, Case("one"))
    assert (found["gil"], found["gil_enabled_by"]) == (here, {})


def test_the_concli_that_is_run_is_this_one() -> None:
    run = Run("smoke", {})
    smoke = Smoke(chosen(["completion"]), run, at_once=1, timeout_s=50)
    smoke.smoke()
    assert [row.outcome for row in smoke.rows()] == ["ok"], smoke.rows()
