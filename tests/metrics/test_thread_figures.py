"""What the system knows of one thread."""

import os
import sys
import threading

import pytest

from concli.metrics import _thread_figures as module
from concli.metrics._thread_figures import Figures, Task, figures_of, name_of, task_of, tasks

linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells this of a thread")
ME = threading.get_native_id

FILES = {
    "schedstat": b"900 2500000000 7\n",
    "status": b"Name:\tx\nvoluntary_ctxt_switches:\t12\nnonvoluntary_ctxt_switches:\t3\n",
    "stat": b"7 (a) b) c) S" + b" 1" * 18 + b" 4242 5 6\n",
}


@linux
def test_each_figure_is_read_from_its_field(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_read", lambda _, name: FILES[name])
    assert figures_of(ME()) == Figures(pytest.approx(figures_of(ME()).cpu_s, abs=1), 2.5, 12, 3)  # type: ignore[union-attr,arg-type]
    assert task_of(7) == Task(7, 4242)


@pytest.mark.parametrize("broken", [FileNotFoundError, ProcessLookupError, PermissionError])
def test_what_the_system_does_not_tell_is_none(monkeypatch: pytest.MonkeyPatch, broken: type[OSError]) -> None:
    def missing(*_: object) -> bytes:
        raise broken

    monkeypatch.setattr(module, "_read", missing)
    found = figures_of(ME())
    assert found is not None
    assert found[1:] == (None, None, None)
    assert task_of(ME()) == Task(ME(), 0)
    assert task_of(ME()).age_s is None
    assert name_of(ME()) == ""


@pytest.mark.parametrize("text", [b"", b"nothing\nof the kind\n"])
def test_files_of_another_form_are_no_error(monkeypatch: pytest.MonkeyPatch, text: bytes) -> None:
    monkeypatch.setattr(module, "_read", lambda *_: text)
    found = figures_of(ME())
    assert found is not None
    assert found.voluntary_switches is None
    assert task_of(ME()).began == 0


def test_a_thread_that_is_not_there_has_no_figures() -> None:
    assert figures_of(2**22 + 1) is None  # larger than Linux gives


@linux
def test_a_thread_of_another_process_has_no_figures_here() -> None:
    assert figures_of(os.getppid()) is None


def test_where_there_is_no_list_of_threads_it_is_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_TASKS", "/nowhere")
    assert tasks() == []


@linux
def test_this_thread_is_among_the_tasks_and_younger_than_its_process() -> None:
    assert ME() in tasks()
    age_s, age_of_process_s = task_of(ME()).age_s, task_of(os.getpid()).age_s
    assert age_s is not None
    assert age_of_process_s is not None
    assert 0 <= age_s <= age_of_process_s + 0.02
