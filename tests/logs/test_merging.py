"""Several inputs through one thread into one order of time."""

import json
from pathlib import Path
from typing import Any

import pytest

from concli.errors import InputError, OutputError, UsageError
from concli.logs import Job, process
from concli.logs.choice.choice import Choice
from concli.logs.destination import Destination
from concli.logs.merging import chunk_bytes_for
from concli.logs.reader import Reader
from concli.logs.source import Source
from concli.metrics import Report, Run


def merged(folder: Path, inputs: list[bytes], **options: Any) -> tuple[list[dict[str, Any]], Report]:
    paths = [folder / f"{number}.log" for number in range(len(inputs))]
    for path, data in zip(paths, inputs, strict=True):
        path.write_bytes(data)
    run = Run("logs process", {})
    destination = Destination(str(folder / "out.jsonl"), "jsonl", rejects=str(folder / "rejects"))
    process(Job(Source(tuple(map(str, paths))), destination=destination, merge=True, **options), run)
    return [json.loads(line) for line in (folder / "out.jsonl").read_bytes().splitlines()], run.snapshot()


BASE = b"2026-01-01 00:00:%02d [INFO] base %d\n"
ACCESS = b'127.0.0.1 - - [01/Jan/2026:00:00:%02d +0000] "GET /%d HTTP/1.1" 200 1\n'


def test_inputs_of_different_formats_come_in_one_order(tmp_path: Path) -> None:
    odd = b"".join(BASE % (n, n) + b"  more\n" for n in range(1, 20, 2))
    even = b"".join(ACCESS % (n, n) for n in range(0, 20, 2)) + b"broken\n\n"
    entries, report = merged(tmp_path, [odd, even])
    assert [int(entry["timestamp"][17:19]) for entry in entries] == list(range(20))
    assert entries[1]["message"] == "base 1\n  more"
    assert entries[2]["path"] == "/2"
    totals = report.totals
    assert [totals[name] for name in ("read", "written", "continued", "rejected", "blank")] == [32, 20, 10, 1, 1]
    assert [stage.name for stage in report.stages] == ["merge", "write"]
    assert all(check.passed for check in report.checks)


def test_reading_ends_when_there_are_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cancelled: set[Reader] = set()
    cancel = Reader.cancel

    def noted(self: Reader) -> None:
        cancelled.add(self)
        cancel(self)

    monkeypatch.setattr(Reader, "cancel", noted)
    entries, report = merged(tmp_path, [b"".join(BASE % (n, n) for n in range(50))] * 2, choice=Choice(head=3))
    assert [entry["message"] for entry in entries] == ["base 0", "base 0", "base 1"]
    assert len(cancelled) == 2
    assert all(check.passed for check in report.checks)


def test_nobody_is_left_when_the_output_fails(tmp_path: Path) -> None:
    (tmp_path / "0.log").write_bytes(b"".join(BASE % (n % 60, n) for n in range(50_000)))
    job = Job(Source((str(tmp_path / "0.log"),)), destination=Destination("/dev/full"), merge=True)
    with pytest.raises((OutputError, ExceptionGroup)):  # and no thread is left: a fixture sees to that
        process(job, Run("logs process", {}))


def test_an_input_that_is_damaged_ends_and_the_others_go_on(tmp_path: Path) -> None:
    (tmp_path / "x.gz").write_bytes(b"\x1f\x8b\x08\x00broken")
    (tmp_path / "a.log").write_bytes(BASE % (1, 1))
    problems: list[InputError] = []
    source = Source((str(tmp_path / "x.gz"), str(tmp_path / "a.log")))
    outcome = process(
        Job(source, destination=Destination(str(tmp_path / "out")), merge=True),
        Run("logs process", {}),
        problems.append,
    )
    assert [Path(problem.path).name for problem in outcome.unusable] == ["x.gz"]
    assert list(outcome.unusable) == problems
    assert (tmp_path / "out").read_bytes() == BASE % (1, 1)


def test_chunks_get_smaller_with_more_inputs_and_there_is_a_limit() -> None:
    sizes = [chunk_bytes_for(count) for count in (0, 1, 8, 100, 512)]
    assert sizes == sorted(sizes, reverse=True)
    assert 100 * sizes[3] <= 17 * 1024 * 1024
    with pytest.raises(UsageError, match="513 inputs are more than"):
        chunk_bytes_for(513)


@pytest.mark.parametrize("more", [{"state": "state"}, {"source": Source(("x",), follow=True)}])
def test_what_grows_has_no_order_yet(more: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="leave out --follow and --state"):
        process(Job(Source(("x",)), merge=True)._replace(**more), Run("logs process", {}))
