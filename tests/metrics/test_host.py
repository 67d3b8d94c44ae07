"""What a report says of the machine, the interpreter and the process."""

import io
import os
import platform
import resource
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from concli.metrics import host as module
from concli.metrics.host import (
    Limit,
    cpu_quota,
    host,
    memory_limit,
    peak_rss_bytes,
    process_cpu_s,
    usable_cpus,
    usable_memory,
)


def replace_file(monkeypatch: pytest.MonkeyPatch, content: str | None) -> None:
    def replaced(path: str, *_: object, **__: object) -> io.StringIO:
        if content is None:
            raise FileNotFoundError(path)
        return io.StringIO(content)

    monkeypatch.setattr(module, "open", replaced, raising=False)


@pytest.mark.parametrize(
    ("quota", "cpus"),
    [
        ("max 100000\n", 4),
        ("150000 100000\n", 2),
        ("200000 100000\n", 2),
        ("10000 100000\n", 1),
        ("0 100000\n", 1),
        ("800000 100000\n", 4),
        (None, 4),
        ("", 4),
    ],
)
def test_the_usable_cpus_are_those_of_the_affinity_up_to_the_quota(
    monkeypatch: pytest.MonkeyPatch, quota: str | None, cpus: int
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {1, 3, 5, 7}, raising=False)
    replace_file(monkeypatch, quota)
    assert usable_cpus() == cpus


@pytest.mark.parametrize(("counted", "cpus"), [(6, 6), (None, 1)])
def test_without_an_affinity_the_machine_is_counted(
    monkeypatch: pytest.MonkeyPatch, counted: int | None, cpus: int
) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: counted)
    replace_file(monkeypatch, None)
    assert usable_cpus() == cpus


def test_the_host_is_this_interpreter_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    monkeypatch.setattr(platform, "machine", lambda: "AArch64")
    found = host()
    assert found.python == platform.python_version()
    assert found.platform == "linux-aarch64"
    assert found.cpus == usable_cpus()


@pytest.mark.parametrize("enabled", [True, False])
def test_whether_there_is_a_gil_is_asked_of_the_interpreter(monkeypatch: pytest.MonkeyPatch, enabled: bool) -> None:
    monkeypatch.setattr(sys, "_is_gil_enabled", lambda: enabled, raising=False)
    assert host().gil is enabled


def test_an_interpreter_that_cannot_be_asked_has_a_gil(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(sys, "_is_gil_enabled", raising=False)
    assert host().gil is True


def test_the_cpu_time_is_that_of_all_threads() -> None:
    used: list[float] = []

    def burn() -> None:
        while time.thread_time() < 0.02:
            pass
        used.append(time.thread_time())

    before = process_cpu_s()
    thread = threading.Thread(target=burn)
    thread.start()
    thread.join()
    assert process_cpu_s() - before >= used[0]


def test_memory_that_has_been_used_counts_in_the_peak_after_it_is_given_back() -> None:
    size = 64 << 20
    code = f"""if 1:
        from concli.metrics.host import peak_rss_bytes
        before = peak_rss_bytes()
        block = b"x" * {size}
        del block
        print(peak_rss_bytes() - before)
    """
    assert int(run_python(code)) > size * 0.9


@pytest.mark.skipif(sys.platform != "linux", reason="no other kernel lets a peak outlive an exec")
def test_the_peak_is_that_of_this_process_and_not_of_the_one_that_started_it() -> None:
    ballast = b"x" * (128 << 20)
    peak = int(run_python("from concli.metrics.host import peak_rss_bytes; print(peak_rss_bytes())"))
    assert 1 << 20 < peak < len(ballast) / 2


@pytest.mark.parametrize(("system", "unit"), [("linux", 1024), ("darwin", 1)])
@pytest.mark.parametrize("status", [None, "Name:\tpython\n"])
def test_without_proc_the_peak_is_what_getrusage_tells_in_the_unit_of_the_system(
    monkeypatch: pytest.MonkeyPatch, system: str, unit: int, status: str | None
) -> None:
    told = resource.getrusage(resource.RUSAGE_SELF)
    monkeypatch.setattr(resource, "getrusage", lambda _: told)
    monkeypatch.setattr(sys, "platform", system)

    def proc(path: str, *_: object, **__: object) -> io.BytesIO:
        if status is None:
            raise FileNotFoundError(path)
        return io.BytesIO(status.encode())

    monkeypatch.setattr(module, "open", proc, raising=False)
    assert peak_rss_bytes() == told.ru_maxrss * unit


def run_python(code: str) -> str:
    root = Path(__file__).parent.parent.parent
    return subprocess.run([sys.executable, "-c", code], cwd=root, check=True, capture_output=True, text=True).stdout


GROUPS_2 = {"/proc/self/cgroup": "0::/user/me\n"}
GROUPS_1 = {"/proc/self/cgroup": "3:memory:/me\n2:cpu,cpuacct:/me\n1:name=systemd:/\n0::/\n"}


def replace_files(monkeypatch: pytest.MonkeyPatch, contents: dict[str, str]) -> None:
    def replaced(path: str, *_: object, **__: object) -> io.StringIO:
        if path not in contents:
            raise FileNotFoundError(path)
        return io.StringIO(contents[path])

    monkeypatch.setattr(module, "open", replaced, raising=False)


@pytest.mark.parametrize(
    ("files", "limit"),
    [
        ({"/sys/fs/cgroup/cpu.max": "150000 100000\n"}, Limit(1.5, "/sys/fs/cgroup/cpu.max")),
        (
            GROUPS_2 | {"/sys/fs/cgroup/user/cpu.max": "max 100000", "/sys/fs/cgroup/user/me/cpu.max": "50000 100000"},
            Limit(0.5, "/sys/fs/cgroup/user/me/cpu.max"),
        ),
        (
            GROUPS_2
            | {"/sys/fs/cgroup/user/cpu.max": "50000 100000", "/sys/fs/cgroup/user/me/cpu.max": "90000 100000"},
            Limit(0.5, "/sys/fs/cgroup/user/cpu.max"),
        ),
        (
            GROUPS_1
            | {"/sys/fs/cgroup/cpu/me/cpu.cfs_quota_us": "200000", "/sys/fs/cgroup/cpu/me/cpu.cfs_period_us": "100000"},
            Limit(2, "/sys/fs/cgroup/cpu/me/cpu.cfs_quota_us"),
        ),
        (
            GROUPS_1
            | {"/sys/fs/cgroup/cpu/me/cpu.cfs_quota_us": "-1", "/sys/fs/cgroup/cpu/me/cpu.cfs_period_us": "100000"},
            None,
        ),
        ({"/proc/self/cgroup": "nonsense\n0::no/slash\n"}, None),
        ({}, None),
    ],
)
def test_the_tightest_quota_of_the_groups_counts_in_either_version(
    monkeypatch: pytest.MonkeyPatch, files: dict[str, str], limit: Limit | None
) -> None:
    replace_files(monkeypatch, files)
    assert cpu_quota() == limit


@pytest.mark.parametrize(
    ("files", "limit"),
    [
        (GROUPS_2 | {"/sys/fs/cgroup/user/memory.max": "4096"}, Limit(4096, "/sys/fs/cgroup/user/memory.max")),
        (GROUPS_2 | {"/sys/fs/cgroup/user/memory.max": "max"}, None),
        (
            GROUPS_1 | {"/sys/fs/cgroup/memory/me/memory.limit_in_bytes": "4096"},
            Limit(4096, "/sys/fs/cgroup/memory/me/memory.limit_in_bytes"),
        ),
        (GROUPS_1 | {"/sys/fs/cgroup/memory/me/memory.limit_in_bytes": "9223372036854771712"}, None),
        ({}, None),
    ],
)
def test_the_limit_on_memory_is_that_of_the_groups(
    monkeypatch: pytest.MonkeyPatch, files: dict[str, str], limit: Limit | None
) -> None:
    replace_files(monkeypatch, files)
    assert memory_limit() == limit
    machine = usable_memory()
    assert machine == limit.amount if limit else machine > 1 << 20
