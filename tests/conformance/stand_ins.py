"""Concli's classes under the names by which CPython's tests know the standard library's."""

import concurrent.futures
import importlib
from pathlib import Path
from typing import Any

from concli.patterns import BoundedBuffer, Future, ThreadPool

_ROOT = Path(__file__).resolve().parent.parent.parent
_IMPORT = "from concurrent.futures import ThreadPoolExecutor"  # in the scripts that the tests run


class Queue(BoundedBuffer[Any]):
    """The tests know by the name in which order it returns its items."""


class ThreadPoolExecutor(ThreadPool):
    """The tests look for the name in the names of threads and write it into their scripts."""


def put_in_place() -> None:
    """Have all tests that are imported from now on find ours. There is no way back: for a process of its own."""
    vars(concurrent.futures).update(ThreadPoolExecutor=ThreadPoolExecutor)
    vars(importlib.import_module("concurrent.futures._base")).update(Future=Future)
    helper: Any = importlib.import_module("test.support.script_helper")
    assert_python_ok = helper.assert_python_ok

    def assert_python_ok_with_ours(flag: str, script: str) -> Any:
        assert _IMPORT in script, "a script that would test the standard library's"
        ours = f"import sys; sys.path.insert(0, {str(_ROOT)!r}); from {__name__} import ThreadPoolExecutor"
        return assert_python_ok(flag, script.replace(_IMPORT, ours))

    helper.assert_python_ok = assert_python_ok_with_ours
