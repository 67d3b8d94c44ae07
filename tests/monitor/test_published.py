"""What programs publish, as samples take it."""

import os
import threading
from pathlib import Path

import pytest

from concli.metrics import ThreadMonitor
from concli.metrics.publish import publish
from concli.monitor.published import PublishedCounts


def test_the_threads_of_those_that_publish_are_told_and_what_they_told_last_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monitor, counts = ThreadMonitor(), PublishedCounts()
    assert counts([os.getpid()]) == {}
    with publish(monitor), monitor.watch():
        monitor.count(operations=5, errors=1)
        told = counts([os.getppid(), os.getpid()])
    me = told[os.getpid(), threading.get_native_id()]
    assert (me.name, me.operations, me.errors) == (threading.current_thread().name, 5, 1)
    assert {pid for pid, _ in told} == {os.getpid()}
    assert counts([os.getpid()]) == told
    assert counts([os.getppid()]) == {}
    assert counts([os.getpid()]) == {}
