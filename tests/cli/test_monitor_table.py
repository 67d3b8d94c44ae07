"""The tables of ``concli monitor``, of samples made by hand."""

import io
import re
from collections.abc import Generator, Sequence

from rich.console import Console

from concli.cli.monitor_table import MonitorTable
from concli.metrics import Run
from concli.monitor.alerts import parse_alert
from concli.monitor.job import watch
from concli.monitor.sample import Sample
from tests.monitor.figures import process, sample, thread

WIDTH = 80
BEGIN = sample(
    0.0,
    process(rss=1 << 20, threads=3, read_bytes=0, written_bytes=0),
    thread(1, name="main"),
    thread(2, run_wait_s=0.0, voluntary=0, involuntary=0),
    thread(3),
)
SECOND = sample(
    1.0,
    process(cpu=1.5, rss=3 << 20, threads=3, open_files=7, read_bytes=5000, written_bytes=0),
    thread(1, name="main", wchan="futex_wait"),
    thread(2, cpu=1.0, state="R", run_wait_s=0.25, voluntary=3, involuntary=40_000),
    thread(3, cpu=0.5, name="a name that is longer than there is room for"),
)


def generated(samples: Sequence[Sample]) -> Generator[Sample]:
    yield from samples


def run_of(table: MonitorTable, *samples: Sample, alert: str = "threads > 64") -> Run:
    run = Run("monitor", {"command": ("make", "-j2\x1b[31m")})
    watch(generated(samples), run, alerts=[parse_alert(alert)], on_sample=table.show, cpus=2)
    return run


def drawn(table: MonitorTable, run: Run, ending: str = "") -> str:
    console = Console(file=io.StringIO(), width=WIDTH)
    with console.capture() as capture:
        console.print(table(run.snapshot(), ending=ending))
    text = capture.get()
    assert max(map(len, text.splitlines())) <= WIDTH
    return text


def test_before_the_first_sample_there_is_a_headline() -> None:
    text = drawn(MonitorTable(), Run("monitor", {"pid": 77}), "stopped by SIGINT")
    assert text.split() == ["concli", "monitor", "process", "77", "stopped", "by", "SIGINT"]


def test_while_it_goes_on_each_thread_has_a_row_the_busiest_first() -> None:
    table = MonitorTable()
    text = drawn(table, run_of(table, BEGIN, SECOND))
    for words in ("CPU 150%", "RSS 3.1MB +2.1MB/s", "3 threads", "7 files", "read 5.0kB/s", "futex_wait", "\\x1b[31m"):
        assert words in text
    rows = [line for line in text.splitlines() if re.match(r"worker|main|a name", line)]
    assert [row.split()[0] for row in rows] == ["worker", "a", "main"]
    assert re.search(r"worker +2 +R +100% +0% +█ +25% +3 +40\.0k", rows[0])
    assert "ops/s" not in text
    assert "pid" not in text


def test_published_counts_are_shown_as_rates() -> None:
    table = MonitorTable()
    before, after = (sample(at, thread(1, operations=int(500 * at), errors=int(at / 2))) for at in (0.0, 2.0))
    text = drawn(table, run_of(table, before, after))
    assert re.search(r"worker .* 500 +0\.5", text)
    assert re.search(r"ops/s +err/s", text)


def test_only_so_many_threads_and_those_that_match_are_shown() -> None:
    table = MonitorTable("tid", 1, re.compile("work"))
    many = [sample(at, *(thread(tid) for tid in range(1, 10)), thread(10, name="main")) for at in (0.0, 1.0)]
    text = drawn(table, run_of(table, *many))
    assert text.count("worker") == 1
    assert "and 8 more  threads" in text
    assert "main" not in text


def test_of_many_processes_the_busiest_have_a_line() -> None:
    table = MonitorTable()
    several = range(1, 9)
    samples = [
        sample(at, *(process(pid, cpu=at * pid / 100) for pid in several), *(thread(pid, pid=pid) for pid in several))
        for at in (0.0, 1.0)
    ]
    text = drawn(table, run_of(table, *samples))
    assert "program 8" in text
    assert "program 1 " not in text
    assert "and 3 more  processes" in text
    assert "pid" in text


def test_at_the_end_there_is_the_summary() -> None:
    table = MonitorTable()
    run = run_of(table, BEGIN, SECOND, sample(2.0, gone=(1,)))
    table.end()
    text = drawn(table, run)
    for words in (
        "2.00 s, 3 samples",
        "1.50 s = 1.50 user + 0.00 system; 0.75 CPUs busy",
        "0: 50%  1: 50% of the time",
        "3.1MB peak, +2.1MB",
        "3 threads, 3 at a time",
        "fail if threads > 64: most 3",
        "ended",
    ):
        assert words in text
    assert re.search(r"worker +2 1\.00s 0\.00s +50% 0\.25s +3 40\.0k", text)


def test_how_a_command_ended_what_failed_and_what_could_not_be_seen_is_told() -> None:
    table = MonitorTable()
    run = run_of(table, BEGIN, SECOND._replace(problem="no wait"), alert="threads > 2")
    table.end()
    result = run.result
    command = {"exit_code": 137, "signal": "SIGKILL", "user_s": 1.0, "system_s": 0.5}
    run.result = lambda: {**result(), "command": command}
    text = drawn(table, run)
    assert "killed by SIGKILL; 1.50 s CPU" in text
    assert "not seen  no wait" in text
    assert "failed  fail if threads > 2: most 3" in text


def test_nothing_is_left_out_when_there_was_no_sample() -> None:
    table = MonitorTable()
    run = run_of(table)
    table.end()
    assert "nothing told threads" in drawn(table, run)
