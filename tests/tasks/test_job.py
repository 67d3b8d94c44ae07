"""The job: whole runs, without a screen."""

import itertools
import json
import os
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from concli.errors import InputError, OutputError, UsageError
from concli.metrics import Run
from concli.tasks import Failure, Items, Job, Outcome, do_tasks, planned
from concli.tasks.chain import Defaults
from concli.tasks.items import Item
from concli.tasks.stages import parse_stage


def job(tmp_path: Path, *stages: str, items: list[str] | Items, **more: Any) -> Job:
    source = items if isinstance(items, Items) else Items("lines", items)
    more = {"output": str(tmp_path / "out"), **more}
    return Job(tuple(parse_stage(stage) for stage in stages), source, **more)


def records(tmp_path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (tmp_path / "out").read_text().splitlines()]


def failed_checks(run: Run) -> list[str]:
    report = run.snapshot()
    assert report.checks
    totals = report.totals
    assert totals["read"] == totals["done"] + totals["failed"] + totals["cancelled"] + totals["resumed"]
    return [check.name for check in report.checks if not check.passed]


class _Made(Items):
    """Items that a test makes up."""

    def __init__(self, make: Callable[[], Iterator[str]]) -> None:
        super().__init__("lines", ["made"])
        self._make = make

    def _items(self) -> Iterator[Item]:
        for number, text in enumerate(self._make()):
            self.read = number + 1
            yield Item(number, text.encode(), text)


@pytest.mark.parametrize("ordered", [True, False])
def test_each_item_goes_through_all_stages_and_has_a_record(tmp_path: Path, ordered: bool) -> None:
    run = Run("pipeline tasks", {})
    items = [str(number) for number in range(500)]
    stages = ("expr:int(x) + 1", "expr:100 // (x - 100)", "expr:x * 2")
    outcome = do_tasks(job(tmp_path, *stages, items=items, ordered=ordered, defaults=Defaults(workers=3)), run)
    out = records(tmp_path)
    assert outcome == Outcome(500, 1, has_stopped=False)
    assert [record["id"] for record in sorted(out, key=lambda each: int(each["id"]))] == [*range(500)]
    assert not ordered or [record["data"] for record in out] == items
    for record in out:
        number = record["id"] + 1
        if number == 100:
            assert (record["status"], record["error"]["type"]) == ("failed", "ZeroDivisionError")
            assert list(record["seconds"]) == ["int(x) + 1", "100 // (x - 100)"]
        else:
            assert (record["status"], record["result"]) == ("done", 100 // (number - 100) * 2)
    assert failed_checks(run) == []
    report = run.snapshot()
    assert report.totals["done"] == 499
    assert [stage.errors for stage in report.stages] == [0, 1, 0]
    assert report.totals["bytes_out"] == (tmp_path / "out").stat().st_size
    operations = {thread.name: thread.operations for thread in report.threads}
    workers = [f"{name}-{number}" for name in ("int(x) + 1", "100 // (x - 100)", "x * 2") for number in (1, 2, 3)]
    assert operations.keys() == {"input", "write", *workers}
    assert sum(operations.values()) == 500 + 500 + 499


def test_no_item_at_all_is_a_run_too(tmp_path: Path) -> None:
    run = Run("pipeline tasks", {})
    assert do_tasks(job(tmp_path, "expr:x", items=_Made(lambda: iter(()))), run) == Outcome(0, 0, has_stopped=False)
    assert (tmp_path / "out").read_bytes() == b""
    assert failed_checks(run) == []


def test_to_stop_at_an_error_cancels_the_rest(tmp_path: Path) -> None:
    run = Run("pipeline tasks", {})
    endless = _Made(lambda: map(str, itertools.count()))
    outcome = do_tasks(job(tmp_path, "expr:1 // (int(x) - 50)", items=endless, on_error="stop"), run)
    statuses = [record["status"] for record in records(tmp_path)]
    assert (outcome.failed, outcome.has_stopped, statuses.count("failed")) == (1, True, 1)
    assert statuses[50] == "failed"
    assert outcome.ended == len(statuses)
    assert failed_checks(run) == []


def test_a_share_of_errors_stops_too(tmp_path: Path) -> None:
    endless = _Made(lambda: map(str, itertools.count()))
    outcome = do_tasks(job(tmp_path, "expr:1 // (int(x) % 4)", items=endless, on_error=0.2), Run("", {}))
    assert outcome.has_stopped
    assert outcome.failed >= 5


def test_failures_are_told_as_they_come(tmp_path: Path) -> None:
    told: list[Failure] = []
    do_tasks(job(tmp_path, "expr:1 // int(x)", items=["0", "1", "0"]), Run("", {}), told.append)
    assert sorted(failure.id for failure in told) == [0, 2]


def test_an_error_in_reading_is_raised_and_the_output_stays_as_it_was(tmp_path: Path) -> None:
    def broken() -> Iterator[str]:
        yield "1"
        raise OSError(5, "broken")

    (tmp_path / "out").write_text("before")
    with pytest.raises(InputError, match="input/output error"):
        do_tasks(job(tmp_path, "expr:x", items=_Made(broken), on_error="stop"), Run("", {}))
    assert (tmp_path / "out").read_text() == "before"
    assert os.listdir(tmp_path) == ["out"]


@pytest.mark.parametrize("more", [{"output": "/dev/full"}, {"joblog": "/dev/full"}])
def test_a_full_disk_is_an_output_error(tmp_path: Path, more: dict[str, str]) -> None:
    if not os.path.exists("/dev/full"):
        pytest.skip("there is no /dev/full here")
    endless = _Made(lambda: map(str, itertools.count()))
    with pytest.raises((OutputError, ExceptionGroup)) as caught:
        do_tasks(job(tmp_path, "expr:x", items=endless, **more), Run("", {}))
    error = caught.value
    assert isinstance(error.exceptions[0] if isinstance(error, ExceptionGroup) else error, OutputError)


class _Interrupt(BaseException):
    pass


def test_an_interrupt_keeps_what_is_done_and_the_rest_is_done_by_another_run(tmp_path: Path) -> None:
    log = str(tmp_path / "log")
    items = [str(number) for number in range(200)]

    def interrupted() -> Iterator[str]:
        for number, text in enumerate(items):
            if number == 120:
                raise _Interrupt
            yield text

    run = Run("", {})
    with pytest.raises(_Interrupt):
        do_tasks(job(tmp_path, "expr:x + '!'", items=_Made(interrupted), joblog=log), run)
    assert run.snapshot().totals["read"] == sum(
        run.snapshot().totals[name] for name in ("done", "failed", "cancelled", "resumed")
    )
    assert not (tmp_path / "out").exists()
    run = Run("", {})
    do_tasks(job(tmp_path, "expr:x + '!'", items=items, joblog=log, resume=True), run)
    assert [record["result"] for record in records(tmp_path)] == [f"{item}!" for item in items]
    totals = run.snapshot().totals
    assert (totals["read"], totals["done"] + totals["resumed"]) == (200, 200)
    assert failed_checks(run) == []


def test_what_failed_is_tried_again_and_what_is_done_is_not(tmp_path: Path) -> None:
    (tmp_path / "steps.py").write_text(
        "import os\n"
        "def step(x):\n"
        f"    with open({str(tmp_path / 'calls')!r}, 'a') as calls: calls.write(x + '\\n')\n"
        f"    if x == 'c' and not os.path.exists({str(tmp_path / 'mended')!r}): raise ValueError\n"
        "    return x.upper()\n"
    )
    stage, log = f"py:{tmp_path / 'steps.py'}:step", str(tmp_path / "log")
    again = {"joblog": log, "resume": True}
    do_tasks(job(tmp_path, stage, items=["a", "b", "c", "d"], joblog=log), Run("", {}))
    (tmp_path / "mended").touch()
    do_tasks(job(tmp_path, stage, items=["a", "B", "c", "d", "e"], **again), Run("", {}))
    assert sorted((tmp_path / "calls").read_text().split()) == ["B", "a", "b", "c", "c", "d", "e"]
    assert [record["result"] for record in records(tmp_path)] == ["A", "B", "C", "D", "E"]
    do_tasks(job(tmp_path, stage, items=["a", "B", "c", "d", "e"], shown="result", ordered=False, **again), Run("", {}))
    assert (tmp_path / "out").read_text() == "A\nB\nC\nD\nE\n"
    with pytest.raises(UsageError):
        do_tasks(job(tmp_path, stage, items=["a"], resume=True), Run("", {}))


def test_a_slow_task_holds_no_other_back_and_is_not_noted_before_it_is_done(tmp_path: Path) -> None:
    others = threading.Event()

    def slow(x: str) -> str:
        if x == "0":
            others.wait()
        elif x == "99":
            others.set()  # all of these have passed it
        return x

    import sys  # noqa: PLC0415 - where a stage looks for its module
    import types  # noqa: PLC0415

    module = types.ModuleType("steps_of_a_test")
    module.slow = slow  # type: ignore[attr-defined]
    sys.modules["steps_of_a_test"] = module
    try:
        items = [str(number) for number in range(100)]
        log = tmp_path / "log"
        do_tasks(job(tmp_path, "py:steps_of_a_test:slow workers=2", items=items, joblog=str(log)), Run("", {}))
    finally:
        del sys.modules["steps_of_a_test"]
    assert [record["data"] for record in records(tmp_path)] == items
    noted = [json.loads(line)["record"]["data"] for line in log.read_text().splitlines()[1:]]
    assert noted.index("0") > noted.index("50")


def test_a_plan_says_what_would_be_done_and_does_nothing(tmp_path: Path) -> None:
    (tmp_path / "in").write_text('"a b"\nnope\n')
    source = Items("json", path=str(tmp_path / "in"))
    lines = list(planned(job(tmp_path, "sh:touch {}", "expr:x", items=source)))
    assert lines[0] == "touch 'a b' | expr:x"
    assert lines[1].startswith("# BadItemError: line 2 is no JSON")
    assert os.listdir(tmp_path) == ["in"]
    source.close()


def test_an_endless_input_is_worked_on_in_constant_memory(tmp_path: Path) -> None:
    peaks: list[int] = []

    def measured() -> Iterator[str]:
        for number in range(9_000):
            if number in {3_000, 8_999}:
                peaks.append(tracemalloc.get_traced_memory()[1])
                tracemalloc.reset_peak()
            yield str(number)

    tracemalloc.start()
    try:
        do_tasks(job(tmp_path, "expr:int(x)", "expr:x + 1", "expr:x * 2", items=_Made(measured)), Run("", {}))
    finally:
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + (1 << 20), peaks
