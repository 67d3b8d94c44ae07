"""The whole job by the general path: the same as by the base format's own parser, and as plain Python says."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import concli.logs.reader
from concli.logs import Job, process
from concli.logs.choice.options import choose
from concli.logs.destination import Destination
from concli.logs.entries import COMMON
from concli.logs.formats.base import BASE
from concli.logs.formats.format import Format, Reading
from concli.logs.formats.registry import by_name
from concli.logs.generate import NAMES, Choice, Log
from concli.logs.how import How
from concli.logs.output.outputs import OUTPUTS
from concli.logs.source import Source
from concli.metrics import Run
from tests.logs.conftest import Do, Done
from tests.logs.test_job import log, tail

any_input = settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
some_input = settings(any_input, max_examples=30)
chunk_sizes = st.sampled_from([64, 200, 1000, 1 << 20])


def account(done: Done) -> dict[str, Any]:
    assert done.report.result
    return {**done.report.totals, **{name: done.report.result[name] for name in ("levels", "rejects")}}


@any_input
@given(
    data=st.builds(bytes.__add__, log, tail),
    to=st.sampled_from(["text", "raw", "jsonl", "csv"]),
    multiline=st.sampled_from(["auto", "off"]),
    levels=st.sampled_from([(), ("info",)]),
    grep=st.sampled_from([[], ["x"], ["a.b"]]),
    chunk=chunk_sizes,
    threads=st.integers(1, 3),
)
@example(b"2026-01-01 00:00:00 [A] x\r\n y\r\n\r\n z \r\n\r\n", "text", "auto", (), [], 64, 1)
@example(b"2026-01-01 00:00:00 [A] x\r\n y\r\n\r\n z \r\n\r\n", "raw", "auto", (), [], 1000, 1)
@example(b"2026-01-01 00:00:00 [A] x\n\x1f\n2026-02-30 00:00:00 [A] y\nz\n", "jsonl", "auto", (), ["x"], 1000, 1)
def test_the_general_path_does_what_the_base_formats_own_does(
    do: Do,
    monkeypatch: pytest.MonkeyPatch,
    data: bytes,
    to: str,
    multiline: Any,
    levels: tuple[str, ...],
    grep: list[str],
    chunk: int,
    threads: int,
) -> None:
    monkeypatch.setattr(concli.logs.reader, "CHUNK_BYTES", chunk)
    options: dict[str, Any] = {"to": to, "reading": Reading(multiline=multiline), "levels": levels, "grep": grep}
    own = do(data, **options)
    with monkeypatch.context() as patch:
        patch.setattr(How, "is_for_base_parser", False)
        general = do(data, threads=threads, **options)
    assert general.output == own.output
    assert general.rejects == own.rejects
    assert account(general) == account(own)


class Jobs:
    """Does jobs in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(
        self,
        inputs: list[bytes],
        to: str = "jsonl",
        *,
        reading: Reading = Reading(),  # noqa: B008 - never changed
        formats: tuple[Format, ...] = (),
        split_by: str | None = None,
        merge: bool = False,
        threads: int = 1,
        **choices: Any,
    ) -> tuple[dict[str, bytes], Run]:
        """Return what is in each file of the output, and the run, of which all checks have passed."""
        for old in self.folder.glob("out*"):
            old.unlink()
        paths = [self.folder / f"{number}.log" for number in range(len(inputs))]
        for path, data in zip(paths, inputs, strict=True):
            path.write_bytes(data)
        place = self.folder / (f"out-{{{split_by}}}" if split_by else "out")
        choice = choose(**choices)
        columns = ("timestamp", "level", "message", "repeated") if merge and OUTPUTS[to].fixed else choice.fields
        destination = Destination(str(place), to, None, split_by, str(self.folder / "rejects"))
        source = Source(tuple(map(str, paths)), reading, formats)
        run = Run("logs process", {})
        outcome = process(
            Job(source, choice._replace(fields=columns), destination, merge=merge, threads=threads),
            run,
        )
        assert outcome.unusable == ()
        report = run.snapshot()
        assert [check for check in report.checks if not check.passed] == []
        rejects = (self.folder / "rejects").read_bytes()
        assert rejects.count(b"\n") == report.totals["rejected"]
        return {path.name: path.read_bytes() for path in sorted(self.folder.glob("out*"))}, run

    def entries(self, inputs: list[bytes], **options: Any) -> list[dict[str, Any]]:
        """Return the entries of a job, as JSON says them."""
        files, run = self(inputs, **options)
        entries = [json.loads(line) for line in files["out"].split(b"\n")[:-1]]
        assert len(entries) == run.snapshot().totals["written"]
        return entries


@pytest.fixture
def jobs(tmp_path: Path) -> Jobs:
    return Jobs(tmp_path)


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Have chunks of so many bytes."""
    return lambda size: monkeypatch.setattr(concli.logs.reader, "CHUNK_BYTES", size)


generated = st.builds(
    lambda name, seed, count: Log(Choice(name, seed, traces=0.1, damage=0.2)).part(count).data,
    st.sampled_from(NAMES),
    st.integers(0, 50),
    st.integers(0, 60),
)
data = generated | log
choices = st.fixed_dictionaries(
    {},
    optional={
        "levels": st.sampled_from([("info",), ("error", "WARN")]),
        "min_level": st.just("warning"),
        "since": st.just("2026-03-01 06:00:01"),
        "until": st.just("2026-03-02"),
        "grep": st.sampled_from([["e"], ["[0-9]+", "a"]]),
        "exclude": st.just(["x{70}"]),
        "where": st.sampled_from(["status >= 400", "message ~ 'a' or level = INFO", "not (pid > 100)"]),
        "sample": st.sampled_from(["50%", "1%"]),
        "head": st.integers(0, 30),
        "dedup": st.booleans(),
        "redact": st.sampled_from([["ip,email,token"], ["[0-9]"]]),
        "fields": st.sampled_from(["timestamp,message", "status,level", "message"]),
    },
)


@any_input
@given(
    inputs=st.lists(data, min_size=1, max_size=3),
    options=choices,
    to=st.sampled_from(["text", "raw", "jsonl", "csv", "tsv", "logfmt", "sqlite"]),
    split_by=st.sampled_from([None, None, "level", "day", "status"]),
    merge=st.booleans(),
    multiline=st.sampled_from(["auto", "off"]),
    chunk=chunk_sizes,
    threads=st.integers(1, 3),
)
def test_the_account_adds_up_whatever_is_asked_for(
    jobs: Jobs,
    small_chunks: Callable[[int], None],
    inputs: list[bytes],
    options: dict[str, Any],
    chunk: int,
    multiline: Any,
    **more: Any,
) -> None:
    small_chunks(chunk)
    files, run = jobs(inputs, reading=Reading(multiline=multiline), **options, **more)
    totals = run.snapshot().totals
    lines = sum(one.count(b"\n") + (not one.endswith(b"\n") and one != b"") for one in inputs)
    assert totals["read"] == lines or (options.get("head") is not None and totals["read"] < lines)
    if more["to"] in ("jsonl", "logfmt", "tsv"):
        headers = len(files) if more["to"] == "tsv" else 0
        assert sum(text.count(b"\n") for text in files.values()) == totals["written"] + headers


@some_input
@given(
    name=st.sampled_from(NAMES), head=st.integers(0, 70), dedup=st.booleans(), chunk=chunk_sizes, merge=st.booleans()
)
def test_head_is_exact_and_the_beginning(
    jobs: Jobs, small_chunks: Callable[[int], None], name: str, head: int, dedup: bool, chunk: int, merge: bool
) -> None:
    small_chunks(chunk)
    inputs = [Log(Choice(name, seed, traces=0.1, damage=0.1)).part(30).data for seed in range(2)]
    whole = jobs.entries(inputs, dedup=dedup, merge=merge)
    for threads in (1, 3):
        assert jobs.entries(inputs, head=head, dedup=dedup, merge=merge, threads=threads) == whole[:head]


def without_times(entry: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name != "timestamp"}


@some_input
@given(
    picks=st.lists(st.integers(0, 2), max_size=60),
    chunk=chunk_sizes,
    threads=st.integers(1, 3),
    merge=st.booleans(),
)
def test_repeats_in_a_row_become_one_wherever_chunks_end(
    jobs: Jobs, small_chunks: Callable[[int], None], picks: list[int], chunk: int, threads: int, merge: bool
) -> None:
    small_chunks(chunk)
    messages = ["a", "a\n  of two lines", "b " * 30]
    lines = [f"2026-01-01 00:00:{n:02} [INFO] {messages[pick]}\n" for n, pick in enumerate(picks)]
    expected = []
    for entry, same in groupby(zip(range(len(picks)), picks, strict=True), key=lambda pair: pair[1]):
        run = list(same)
        expected.append((f"2026-01-01T00:00:{run[0][0]:02}", messages[entry], len(run)))
    found = jobs.entries(["".join(lines).encode()], dedup=True, threads=threads, merge=merge, formats=(BASE,))
    assert [(one["timestamp"], one["message"], one.get("repeated", 1)) for one in found] == expected


@some_input
@given(
    seconds=st.lists(st.lists(st.integers(0, 59), max_size=30).map(sorted), min_size=1, max_size=4), chunk=chunk_sizes
)
def test_merged_entries_are_sorted_and_stable(
    jobs: Jobs, small_chunks: Callable[[int], None], seconds: list[list[int]], chunk: int
) -> None:
    small_chunks(chunk)
    logs = [
        [{"timestamp": f"2026-01-01T00:00:{s:02}", "level": "INFO", "message": f"{n}.{i}"} for i, s in enumerate(some)]
        for n, some in enumerate(seconds)
    ]
    inputs = ["".join(f"{e['timestamp'].replace('T', ' ')} [INFO] {e['message']}\n" for e in one) for one in logs]
    found = jobs.entries([text.encode() for text in inputs], merge=True, formats=(BASE,))
    assert found == sorted((entry for one in logs for entry in one), key=lambda entry: entry["timestamp"])


@some_input
@given(name=st.sampled_from(NAMES), seed=st.integers(0, 9), chunk=chunk_sizes)
def test_a_sample_depends_on_nothing_but_its_seed(
    jobs: Jobs, small_chunks: Callable[[int], None], name: str, seed: int, chunk: int
) -> None:
    inputs = [Log(Choice(name, traces=0.1)).part(100).data]
    whole = jobs.entries(inputs)
    one = jobs.entries(inputs, sample="30%", seed=seed)
    small_chunks(chunk)
    assert jobs.entries(inputs, sample="30%", seed=seed, threads=3) == one
    assert 5 < len(one) < 60
    assert [entry for entry in whole if entry in one] == one


@pytest.mark.parametrize("to", [to for to in OUTPUTS if to != "parquet"])
@pytest.mark.parametrize("dedup", [False, True])
def test_the_output_is_the_same_for_any_number_of_threads(
    jobs: Jobs, small_chunks: Callable[[int], None], to: str, dedup: bool
) -> None:
    small_chunks(1000)
    inputs = [Log(Choice(name, traces=0.1, damage=0.1)).part(50).data for name in NAMES]
    one, many = (jobs(inputs, to, threads=threads, dedup=dedup, sample="90%")[0] for threads in (1, 8))
    if to == "sqlite":
        one, many = ({name: rows_of(jobs.folder / name) for name in files} for files in (one, many))
    assert one == many


def rows_of(path: Path) -> Any:
    with closing(sqlite3.connect(path)) as database:
        return database.execute("select * from entries").fetchall()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("damage", [0.0, 0.05])
def test_what_was_generated_is_what_is_read(
    jobs: Jobs, small_chunks: Callable[[int], None], name: str, damage: float
) -> None:
    log = Log(Choice(name, seed=7, traces=0.05, damage=damage), with_truth=True)
    part = log.part(600)
    truth = [json.loads(line) for line in (part.truth + log.last()).decode().split("\n")[:-1]]
    small_chunks(20_000)
    files, run = jobs([part.data], threads=3)
    result: Any = run.snapshot().result
    assert [found["format"] for found in result["formats"]] == [name]
    entries = [
        {**{common: one[common] for common in COMMON}, "level": one["level"] or None, **one["fields"]}
        for one in truth
        if "rejected" not in one
    ]
    expected = [{name: value for name, value in entry.items() if value is not None} for entry in entries]
    assert [json.loads(line) for line in files["out"].split(b"\n")[:-1]] == expected
    rejects = (jobs.folder / "rejects").read_text("utf-8").split("\n")[:-1]
    assert [json.loads(line)["line"] for line in rejects] == [one["line"] for one in truth if "rejected" in one]
    totals = run.snapshot().totals
    assert (totals["read"], totals["written"], totals["continued"]) == (part.lines, part.entries, part.continued)


def cri_line(text: str, is_last: bool) -> str:
    return f"2026-01-01T00:00:00.123456789Z stdout {'F' if is_last else 'P'} {text}\n"


def docker_line(text: str, is_last: bool) -> str:
    end = "\n" if is_last else ""
    return (
        json.dumps({"log": text + end, "stream": "stdout", "time": "2026-01-01T00:00:00Z"}, separators=(",", ":"))
        + "\n"
    )


@pytest.mark.parametrize("chunk", [200, 300, 1000])
@pytest.mark.parametrize("line", [cri_line, docker_line])
def test_what_a_runtime_took_apart_is_whole_wherever_chunks_end(
    jobs: Jobs, small_chunks: Callable[[int], None], line: Callable[[str, bool], str], chunk: int
) -> None:
    small_chunks(chunk)
    parts = [["one"], ["two ", "more"], ["three ", "and ", "much ", "more"]] * 10
    data = "".join(line(part, part == entry[-1]) for entry in parts for part in entry)
    assert [entry["message"] for entry in jobs.entries([data.encode()])] == ["".join(entry) for entry in parts]


@pytest.mark.parametrize("fields", ["message", "message,user", None])
@pytest.mark.parametrize(
    ("by", "names"), [("user", ["eve", "mallory"]), ("level", ["ERROR", "INFO"]), ("day", ["2026-01-01"])]
)
def test_entries_are_split_by_what_need_not_be_shown(
    tmp_path: Path, fields: str | None, by: str, names: list[str]
) -> None:
    source = tmp_path / "in.jsonl"
    for level, user in [("INFO", "eve"), ("ERROR", "mallory"), ("INFO", "eve")]:
        with source.open("a") as file:
            print(json.dumps({"time": "2026-01-01T00:00:00Z", "level": level, "msg": "x", "user": user}), file=file)
    destination = Destination(f"{tmp_path}/parts/", "jsonl", split_by=by)
    job = Job(Source((str(source),), formats=(by_name("json"),)), choose(fields=fields), destination)
    assert not process(job, Run("logs process", {})).unknown
    parts = sorted((tmp_path / "parts").iterdir())
    assert [path.stem for path in parts] == names
    entries = [json.loads(line) for path in parts for line in path.read_text().splitlines()]
    assert len(entries) == 3
    shown = {"timestamp", "level", "message", "user"} if fields is None else set(fields.split(","))
    assert {*map(frozenset, entries)} == {frozenset(shown)}


def test_a_field_to_split_by_that_nothing_has_is_told(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text('{"msg": "x"}\n')
    destination = Destination(f"{tmp_path}/parts/", "jsonl", split_by="nope")
    job = Job(Source((f"{tmp_path}/in.jsonl",), formats=(by_name("json"),)), destination=destination)
    assert process(job, Run("logs process", {})).unknown == ("nope",)
