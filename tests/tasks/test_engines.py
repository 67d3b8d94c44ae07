"""Python stages give the same on every engine, and lose nothing with a worker."""

import contextlib
import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from concli.engines.dask import Dask
from concli.engines.engine import Engine, EngineLost, EngineStatistics
from concli.engines.processes import Processes
from concli.engines.threads import Threads
from concli.metrics import Run
from concli.tasks import Items, Job, do_tasks
from concli.tasks.chain import Defaults
from concli.tasks.stages import parse_stage

# With a neighbour, a class of its own, and a file that it finds in the working directory.
STEPS = """
import os, signal, threading
from pathlib import Path
from own_neighbour import factor

gate = threading.Event()

class Point:
    def __init__(self, x): self.x = x

class OddError(Exception):
    def __init__(self, number, why): super().__init__(f"{number} {why}")

def point(text):
    number = int(text)
    if number % 7 == 3: raise ValueError(f"no {number}")
    if number % 7 == 5: raise OddError(number, "is odd")
    return Point(number * factor * int(Path("number").read_text()))

def text_of(point):
    assert isinstance(point, Point)
    return {"text": "\\u00e9" * (point.x % 5), "x": point.x, "bytes": b"\\xff", "other": 1j}

half = lambda given: given["x"] / 2

def lazy(text): return (each for each in text)

def die_once(text):
    try: os.close(os.open("died-" + text, os.O_CREAT | os.O_EXCL))
    except FileExistsError: return text
    if text == "3": os.kill(os.getpid(), signal.SIGKILL)
    return text

def die(text):
    if text == "3": os.kill(os.getpid(), signal.SIGKILL)
    return text

def stay(text):
    if text in "ab": gate.wait()
    return text
"""
SECONDS = re.compile(rb'"seconds": {.*?}')


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The working directory; what was imported from there is forgotten."""
    (tmp_path / "own_steps.py").write_text(STEPS)
    (tmp_path / "own_neighbour.py").write_text("factor = 3")
    (tmp_path / "number").write_text("2")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path.copy())
    before = set(sys.modules)
    yield tmp_path
    for name in {name for name in sys.modules if name.startswith(("own_", "/"))} - before:
        del sys.modules[name]


def done(engine: Engine | None, *stages: str, items: tuple[str, ...], **more: Any) -> tuple[bytes, Run]:
    """Return what was written, without the seconds, and the run."""
    run = Run("pipeline tasks", {})
    job = Job(tuple(map(parse_stage, stages)), Items("lines", items), "out", engine=engine, **more)
    do_tasks(job, run)
    assert not [check for check in run.snapshot().checks if not check.passed]
    return SECONDS.sub(b"", Path("out").read_bytes()), run


def statuses(written: bytes) -> dict[str, str]:
    return {one["data"]: one["status"] for one in map(json.loads, re.sub(rb", }", b"}", written).splitlines())}


ITEMS = tuple(map(str, range(100)))
CHAIN = ("py:own_steps:point", "py:./own_steps.py:text_of", "expr:x", "py:own_steps.py:half workers=3")


@pytest.mark.parametrize("shown", ["record", "result"])
@pytest.mark.parametrize("workers", [1, 2, 8])
def test_the_output_is_that_of_threads(workers: int, shown: str) -> None:
    expected, before = done(Threads(1), *CHAIN, items=ITEMS, shown=shown)
    assert b"OddError" in expected or shown == "result"
    written, run = done(Processes(workers), *CHAIN, items=ITEMS, shown=shown)
    assert written == expected
    assert run.snapshot().totals == before.snapshot().totals
    engine: Any = run.snapshot().engine
    assert len(engine["workers"]) == min(workers, 8)
    assert engine["units"] == 100 + 2 * run.snapshot().totals["done"]


@pytest.mark.filterwarnings("default")  # of the libraries below
def test_a_cluster_gives_the_same() -> None:
    pytest.importorskip("distributed")
    expected, _ = done(Threads(2), *CHAIN, items=ITEMS)
    assert done(Dask(2), *CHAIN, items=ITEMS)[0] == expected


def test_a_file_with_the_name_of_another_module_is_the_same_everywhere(folder: Path) -> None:
    import tabnanny  # noqa: PLC0415 - which a worker does not

    (folder / "tabnanny.py").write_text(
        "class Own(Exception): pass\ndef fail(x): raise Own(x)\ndef own(x): return __name__"
    )
    stages = ("py:./tabnanny.py:own", "py:tabnanny.py:fail")
    assert done(Processes(1), *stages, items=("a",))[0] == done(Threads(1), *stages, items=("a",))[0]
    assert sys.modules["tabnanny"] is tabnanny


def test_what_cannot_be_sent_fails_that_task_in_a_line() -> None:
    for stages in (("py:own_steps:lazy",), ("py:own_steps:lazy", "py:builtins:list")):
        written, run = done(Processes(1), *stages, items=("abc",))
        error = json.loads(re.sub(rb", }", b"}", written))["error"]
        assert "generator, can't be sent to a worker: cannot pickle" in error["message"]
        assert "\n" not in error["message"]
        assert run.snapshot().totals["failed"] == 1


def test_a_task_whose_worker_is_killed_is_done_by_another() -> None:
    written, run = done(Processes(2), "py:own_steps:die_once", items=ITEMS[:40], shown="result")
    assert written.split() == [item.encode() for item in ITEMS[:40]]
    engine: Any = run.snapshot().engine
    assert (engine["retries"], len(engine["lost"])) == (1, 1)
    assert "killed by SIGKILL" in engine["lost"][0]


def test_a_task_that_kills_every_worker_fails_alone() -> None:
    written, _ = done(Processes(2), "py:own_steps:die", items=ITEMS[:8])
    assert {data for data, status in statuses(written).items() if status == "failed"} == {"3"}
    assert b'"type": "WorkerLost"' in written


@pytest.mark.parametrize("make", [Threads, Processes])
def test_calls_that_were_left_behind_keep_no_worker_from_the_others(make: Callable[[int], Engine]) -> None:
    items = ("a", "b", "c", "d", "e")
    try:
        written, run = done(make(1), "py:own_steps:stay timeout=500ms", items=items)
    finally:
        sys.modules["own_steps"].gate.set()
    assert statuses(written) == {item: "failed" if item in "ab" else "done" for item in items}
    assert written.count(b'"type": "TimeoutError"') == 2
    result: Any = run.snapshot().result
    assert result["stages"] == [{"name": "stay", "retries": 0, "abandoned": 2}]


def test_what_threads_began_other_workers_finish() -> None:
    done(Threads(1), "py:own_steps:point", items=ITEMS[:20], joblog="log")
    os.utime("log", (0, 0))
    _, run = done(Processes(2), "py:own_steps:point", items=ITEMS[:40], joblog="log", resume=True)
    totals = run.snapshot().totals
    failed = [number for number in range(40) if number % 7 in {3, 5}]
    assert totals["resumed"] == 20 - sum(number < 20 for number in failed)
    assert (totals["failed"], sum(totals[name] for name in ("done", "failed", "resumed"))) == (len(failed), 40)


class _Vanishing(Threads):
    """An engine whose workers do three units and are gone."""

    @contextlib.contextmanager
    def open(self, make: Callable[..., Any], /, *args: Any) -> Iterator[Any]:
        with super().open(make, *args) as place:
            yield _VanishingPlace(place)


class _VanishingPlace:
    def __init__(self, place: Any) -> None:
        self._place = place
        self._left = 3

    def __call__(self, unit: Any) -> Any:
        if not self._left:
            raise EngineLost("they are gone")
        self._left -= 1
        return self._place(unit)

    def cancel(self) -> None:
        self._place.cancel()

    def statistics(self) -> EngineStatistics:
        statistics: EngineStatistics = self._place.statistics()
        return statistics


def test_when_all_workers_are_gone_the_run_ends_and_the_log_holds_what_is_done() -> None:
    Path("out").write_text("before")
    with pytest.raises(EngineLost, match="they are gone"):
        done(_Vanishing(1), "py:builtins:int", items=ITEMS, joblog="log", on_error="keep", defaults=Defaults(retries=5))
    assert Path("out").read_text() == "before"
    noted = [json.loads(line)["record"] for line in Path("log").read_text().splitlines()[1:]]
    assert {one["data"] for one in noted} <= {"0", "1", "2"}
    assert {one["status"] for one in noted} <= {"done"}
