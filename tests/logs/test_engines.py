"""The log jobs give the same on every engine, and lose nothing with a worker."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from concli.engines.engine import Engine
from concli.engines.processes import Processes
from concli.engines.registry import engine_named
from concli.engines.threads import Threads
from concli.logs import Job, process
from concli.logs.choice.options import choose
from concli.logs.destination import Destination
from concli.logs.formats.format import Reading
from concli.logs.formats.own import pattern_format
from concli.logs.generate import Choice, Log
from concli.logs.inputs import Input
from concli.logs.placing import span_chunks, work_of
from concli.logs.source import Source
from concli.logs.stats import Job as StatsJob
from concli.logs.stats import stats
from concli.metrics import Run

SIZE = 1 << 16


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("concli.logs.reader.CHUNK_BYTES", SIZE)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Logs of several formats, larger than a chunk."""
    made = tmp_path_factory.mktemp("logs")
    for name, entries in [("json", 9000), ("base", 30_000), ("combined", 9000), ("python", 9000)]:
        (made / f"{name}.log").write_bytes(Log(Choice(name, traces=0.01, damage=0.01)).part(entries).data)
    return made


def outcome(job: Job, engine: Engine, folder: Path) -> tuple[dict[str, bytes], Any]:
    """Return what was written, by file, and what was reported."""
    folder.mkdir()
    split = "/" if job.destination.split_by else ""
    destination = job.destination._replace(output=f"{folder}/out{split}", rejects=f"{folder}/rejects")
    run = Run("logs process", {})
    done = process(job._replace(destination=destination, engine=engine), run)
    report = run.snapshot()
    assert not [check for check in report.checks if not check.passed]
    files = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return files, (done, report.totals, report.result)


@pytest.mark.parametrize("workers", [1, 2, 8])
@pytest.mark.parametrize(
    ("file", "to", "options"),
    [
        ("json.log", "jsonl", {"where": "took_ms > 300", "redact": ["ip"]}),
        ("json.log", "csv", {"fields": "message,nope", "head": 5000, "dedup": True}),
        ("*.log", "text", {"sample": "50%"}),
        ("base.log", "raw", {}),
    ],
)
def test_the_output_is_that_of_threads(
    folder: Path, tmp_path: Path, file: str, to: str, options: dict[str, Any], workers: int
) -> None:
    job = Job(Source((str(folder / file),)), choose(**options), Destination(to=to))
    expected = outcome(job, Threads(1), tmp_path / "threads")
    assert outcome(job, Processes(workers), tmp_path / "processes") == expected


@pytest.mark.parametrize(
    ("split_by", "options"),
    [("level", {}), (None, {"min_level": "info", "redact": ["ip"], "fields": "message", "dedup": True})],
)
def test_what_is_merged_is_that_of_one_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, split_by: str | None, options: dict[str, Any]
) -> None:
    monkeypatch.setattr("concli.logs.merging.CHUNK_BYTES", 1 << 15)
    for name in ("json", "base", "combined", "python"):
        text = Log(Choice(name, traces=0.02, damage=0.02)).part(1500).data
        (tmp_path / f"{name}.log").write_bytes(text)
    job = Job(Source((f"{tmp_path}/*.log",)), choose(**options), Destination(to="jsonl", split_by=split_by), merge=True)
    expected = outcome(job, Threads(1), tmp_path / "one")
    for engine in (Threads(2), Threads(8), Processes(1), Processes(2), Processes(8)):
        assert outcome(job, engine, tmp_path / f"{engine.name} {engine.workers}") == expected


@pytest.mark.parametrize(
    ("destination", "reading", "pattern"),
    [
        (Destination(to="jsonl", split_by="level"), Reading(), None),
        (Destination(to="csv"), Reading(multiline="off"), None),
        (
            Destination(to="jsonl"),
            Reading(),
            r"(?P<timestamp>\S+ \S+) - (?P<logger>\S+) - (?P<level>\w+) - (?P<message>.*)",
        ),
    ],
)
def test_what_is_opened_by_the_job_and_what_is_ones_own_reach_the_workers(
    folder: Path, tmp_path: Path, destination: Destination, reading: Reading, pattern: str | None
) -> None:
    formats = (pattern_format(pattern),) if pattern else ()
    job = Job(Source((str(folder / "python.log"),), reading, formats), destination=destination)
    expected = outcome(job, Threads(1), tmp_path / "threads")
    assert outcome(job, Processes(2), tmp_path / "processes") == expected


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "gzip"])
def test_what_stands_in_a_file_as_it_is_is_named_and_not_sent(tmp_path: Path, encoding: str) -> None:
    text = Log(Choice("json", traces=0.0, damage=0.0)).part(5000).data.removesuffix(b"\n")
    path = tmp_path / "in.log"
    path.write_bytes(gzip.compress(text) if encoding == "gzip" else text.decode("utf-8", "replace").encode(encoding))
    job = Job(Source((str(path),)), destination=Destination(to="jsonl"))
    expected = outcome(job, Threads(1), tmp_path / "threads")
    run = Run("logs process", {})
    process(job._replace(destination=job.destination._replace(output=f"{tmp_path}/out"), engine=Processes(1)), run)
    assert (tmp_path / "out").read_bytes() == expected[0]["out"]
    engine: Any = run.snapshot().engine
    assert (engine["bytes_sent"] < 3 * SIZE) == (encoding == "utf-8")  # the first chunk, by which the format is known


@pytest.mark.parametrize("merge", [False, True])
def test_a_cluster_gives_the_same(folder: Path, tmp_path: Path, merge: bool) -> None:
    pytest.importorskip("distributed")
    job = Job(Source((str(folder),)), choose(grep=["a"]), Destination(to="jsonl"), merge=merge)
    expected = outcome(job, Threads(1), tmp_path / "threads")
    assert outcome(job, engine_named("dask", 2), tmp_path / "dask") == expected


def test_a_summary_is_that_of_threads(folder: Path) -> None:
    def result(engine: Engine) -> Any:
        run = Run("logs stats", {})
        stats(StatsJob(Source((str(folder),)), (str(folder / "json.log"),), engine=engine), run)
        report = run.snapshot()
        assert not [check for check in report.checks if not check.passed]
        return json.loads(report.to_json())["result"], report.totals

    assert result(Processes(2)) == result(Threads(1))


def test_a_unit_is_worth_its_call_and_leaves_every_worker_some() -> None:
    def chunks(engine: Engine, mib: int) -> int:
        return span_chunks(engine, [Input("log", "log", mib << 20, None), Input("pipe", None, None, None)])

    assert chunks(Threads(2), 5000) == 0
    assert [chunks(Processes(2), mib) for mib in (1, 64, 96, 5000)] == [1, 2, 3, 6]
    assert chunks(Processes(8), 96) == 1
    cluster = Threads(2)
    cluster.call_s = 0.01  # seconds; at 30 MB/s a fifth of a second are three chunks
    assert [chunks(cluster, mib) for mib in (1, 5000)] == [3, 6]


def test_a_place_to_work_is_chosen_by_what_the_first_input_is(folder: Path, tmp_path: Path) -> None:
    work = work_of(Source((str(folder / "json.log"),)))
    assert (work.holds_gil, work.bytes) == (True, (folder / "json.log").stat().st_size)
    assert not work_of(Source((str(folder / "combined.log"),))).holds_gil
    assert not work_of(Source((str(tmp_path / "none"),))).holds_gil
