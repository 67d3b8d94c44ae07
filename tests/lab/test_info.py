"""What there is here is told, and what can't be found out is None."""

import builtins
import json
import os
import sys
import sysconfig
from collections.abc import Callable
from typing import Any

import pytest

from concli.lab import info as module
from concli.lab.info import info
from concli.metrics.host import Limit, usable_cpus


def test_it_is_a_document_about_this_interpreter() -> None:
    found = json.loads(json.dumps(info()))
    assert found["schema"] == "concli.info/1"
    assert found["interpreter"]["version"] == sys.version.split()[0]
    assert found["interpreter"]["gil"] is getattr(sys, "_is_gil_enabled", lambda: True)()
    assert found["interpreter"]["free_threaded"] is bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
    assert found["cpus"]["usable"] == usable_cpus()
    assert found["dependencies"].keys() >= {"click", "numpy", "psutil", "rich"}
    assert {extra["name"] for extra in found["extras"]} >= {"dev", "peers"}


def test_where_nothing_can_be_read_or_asked_all_is_unknown_and_nothing_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.open

    def hidden(path: Any, *arguments: Any, **options: Any) -> Any:
        if str(path).startswith(("/proc", "/sys")):
            raise FileNotFoundError(path)
        return real(path, *arguments, **options)

    monkeypatch.setattr(builtins, "open", hidden)
    monkeypatch.setattr(module.os, "sysconf", fails)  # type: ignore[attr-defined]
    monkeypatch.setattr(module.platform, "platform", fails)  # type: ignore[attr-defined]
    monkeypatch.setattr(module.resource, "getrlimit", fails)  # type: ignore[attr-defined]
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setitem(sys.modules, "numpy", None)
    monkeypatch.setitem(sys.modules, "psutil", None)
    found = info()
    assert set(found["memory"].values()) == {None}
    assert set(found["blas"].values()) == {None}
    assert found["cpus"]["affinity"] is found["cpus"]["quota"] is found["platform"]["system"] is None


def fails(*_: object) -> Any:
    raise OSError("not here")


def test_a_quota_and_a_limit_are_named_with_the_file_that_sets_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "cpu_quota", lambda: Limit(1.5, "there/cpu.max"))
    monkeypatch.setattr(module, "memory_limit", lambda: Limit(4096, "there/memory.max"))
    found = info()
    assert (found["cpus"]["quota"], found["cpus"]["quota_from"]) == (1.5, "there/cpu.max")
    assert (found["memory"]["limit_bytes"], found["memory"]["limit_from"]) == (4096, "there/memory.max")


@pytest.fixture
def free_threaded(monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
    """Make this interpreter look free-threaded, with the GIL on or off."""
    monkeypatch.delenv("PYTHON_GIL", raising=False)
    monkeypatch.setattr(module.sysconfig, "get_config_var", lambda _: 1)  # type: ignore[attr-defined]

    def make(gil: bool) -> None:
        monkeypatch.setattr(sys, "_is_gil_enabled", lambda: gil, raising=False)

    return make


def test_the_import_that_turns_the_gil_on_is_named(
    free_threaded: Callable[[bool], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    free_threaded(False)
    assert info()["interpreter"]["gil_enabled_by"] is None
    monkeypatch.setattr(module, "import_module", lambda name: free_threaded(name == "psutil" or module._gil()))
    found = info()["interpreter"]
    assert (found["gil"], found["gil_enabled_by"]) == (True, "import psutil")


def test_a_gil_that_was_asked_for_is_nobodys_fault(
    free_threaded: Callable[[bool], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    free_threaded(True)
    assert info()["interpreter"]["gil_enabled_by"] == "an import before this command began"
    monkeypatch.setenv("PYTHON_GIL", "1")
    assert info()["interpreter"]["gil_enabled_by"] == "PYTHON_GIL=1"


def test_settings_are_told_but_neither_others_nor_the_name_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/users/ann")
    monkeypatch.setenv("CONCLI_REPORT", "/users/ann/report.json")
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.setenv("PYTHON_TOKEN", "secret")
    monkeypatch.setattr(sys, "executable", "/users/ann/bin/python")
    text = json.dumps(info())
    assert '"CONCLI_REPORT": "~/report.json"' in text
    assert '"OMP_NUM_THREADS": "3"' in text
    assert "secret" not in text
    assert "ann" not in text.replace("channel", "").replace("cannot", "")
