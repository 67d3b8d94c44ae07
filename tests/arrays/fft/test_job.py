"""The whole job: what comes out, what is told, and what is left when it is cut short."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from concli.arrays.fft import Failure, Job, operations, transform
from concli.arrays.fft import collect as collecting
from concli.arrays.fft import pipeline as pipelines
from concli.arrays.fft.stack import Stack
from concli.errors import InputError, OutputError, UsageError
from concli.metrics import Report, Run

STACK = np.random.default_rng(0).standard_normal((20, 16, 15))


@pytest.fixture
def place(tmp_path: Path) -> Path:
    np.save(tmp_path / "in.npy", STACK)
    return tmp_path


def job(place: Path, **options: Any) -> Job:
    return Job((str(place / "in.npy"),), str(place / "out.npy"))._replace(**options)


def ran(job: Job, told: list[Failure] | None = None) -> Report:
    run = Run("pipeline fft", {})
    transform(job, run, (lambda _: None) if told is None else told.append)
    report = run.snapshot()
    assert all(check.passed for check in report.checks), report.checks
    assert len(report.checks) == 2
    return report


def test_the_output_is_the_same_for_any_number_of_threads(place: Path) -> None:
    outputs, checksums = set(), set()
    for threads in (1, 2, 3, 8, 64):
        report = ran(job(place, threads=threads))
        outputs.add((place / "out.npy").read_bytes())
        checksums |= {report.result["checksum"], ran(job(place, threads=threads, output=None)).result["checksum"]}
    assert len(outputs) == len(checksums) == 1
    found = np.load(place / "out.npy")
    assert np.allclose(found, np.fft.fft2(STACK), rtol=0, atol=1e-12 * np.abs(found).max())
    assert sorted(os.listdir(place)) == ["in.npy", "out.npy"]


def test_the_counts_add_up(place: Path) -> None:
    totals = ran(job(place, threads=2)).totals
    assert totals == {"chunks": 20, "done": 20, "failed": 0, "resumed": 0, "left": 0} | {
        "bytes_in": STACK.nbytes,
        "bytes_out": 2 * STACK.nbytes,
    }


def test_random_chunks_need_no_input() -> None:
    reports = [ran(Job(chunks=5, shape=(8, 8), seed=seed, threads=2)) for seed in (1, 1, 2)]
    first, again, other = (report.result["checksum"] for report in reports)
    assert first == again != other


def test_memory_does_not_grow_with_the_chunks() -> None:
    report = ran(Job(chunks=300, shape=(64, 64), threads=2))
    assert report.result["memory"]["in_flight_chunks"] == 4  # type: ignore[index]


def spoilt(place: Path) -> Path:
    """Return a folder of chunks of which 3 is cut, 5 has another shape, and 7 a value that is NaN."""
    (place / "chunks").mkdir()
    for number, values in enumerate(STACK):
        one = values.T if number == 5 else values.copy()
        if number == 7:
            one[2, 2] = np.nan
        np.save(place / "chunks" / f"{number:02}.npy", one)
    cut = place / "chunks" / "03.npy"
    cut.write_bytes(cut.read_bytes()[:-8])
    return place / "chunks"


def test_chunks_that_fail_are_named_and_their_places_are_nan(place: Path) -> None:
    told: list[Failure] = []
    report = ran(job(place, inputs=(str(spoilt(place)),), threads=3, strict=True, retries=1), told)
    assert sorted((one.chunk, one.reason) for one in told) == [
        (3, "the file ends 8 bytes too early"),
        (5, "it is 15x16 float64, the first chunk is 16x15 float64"),
        (7, "1 of its values are not finite"),
    ]
    assert [one["chunk"] for one in report.result["failures"]] == [3, 5, 7]  # type: ignore[attr-defined]
    out = np.load(place / "out.npy")
    assert np.isnan(out[[3, 5, 7]]).all()
    good = np.setdiff1d(np.arange(20), [3, 5, 7])
    assert np.allclose(out[good], np.fft.fft2(STACK[good]))
    assert {"done": 17, "failed": 3}.items() <= report.totals.items()


def test_without_strict_nan_is_kept_and_counted(place: Path) -> None:
    report = ran(job(place, inputs=(str(spoilt(place)),)))
    assert report.result["not_finite"] == 1
    assert np.isnan(np.load(place / "out.npy")[7]).all()


def test_stopping_at_the_first_failure_keeps_what_is_done(place: Path) -> None:
    chunks = spoilt(place)
    run = Run("pipeline fft", {})
    outcome = transform(job(place, inputs=(str(chunks),), stops=True), run)
    assert outcome.has_stopped
    assert outcome.failures[0].chunk == 3
    assert all(check.passed for check in run.snapshot().checks)
    assert not (place / "out.npy").exists()
    report = ran(job(place, inputs=(str(chunks),), resume=True))
    assert report.totals["resumed"] >= 3
    assert report.totals["failed"] == 2


def test_what_fails_once_is_tried_again(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from concli.arrays.fft.transform import Transformer  # noqa: PLC0415 - to be spoilt here alone

    tried: list[None] = []
    right = Transformer.transform

    def wrong(self: Transformer, *arrays: Any) -> str:
        tried.append(None)
        if len(tried) % 2:
            raise MemoryError("none left")
        return right(self, *arrays)

    monkeypatch.setattr(Transformer, "transform", wrong)
    monkeypatch.setattr(pipelines, "_PAUSE_S", 0)
    assert ran(job(place, retries=1)).totals["done"] == 20
    tried.clear()
    assert ran(job(place)).totals["failed"] == 10


class _Cut(BaseException):
    """As an interrupt."""


@pytest.mark.parametrize("threads", [1, 3])
def test_an_interrupted_run_is_resumed_to_the_same_bytes(
    place: Path, monkeypatch: pytest.MonkeyPatch, threads: int
) -> None:
    ran(job(place))
    wanted = (place / "out.npy").read_bytes()
    (place / "out.npy").write_bytes(b"before")
    puts: list[int] = []
    right = Stack.put

    def cut(self: Stack, number: int, values: Any) -> None:
        if len(puts) == 7:
            raise _Cut
        puts.append(number)
        right(self, number, values)

    monkeypatch.setattr(Stack, "put", cut)
    with pytest.raises(BaseExceptionGroup):
        ran(job(place, threads=threads))
    assert (place / "out.npy").read_bytes() == b"before"
    monkeypatch.undo()
    report = ran(job(place, threads=threads, resume=True))
    assert {"done": 13, "resumed": 7}.items() <= report.totals.items()
    assert (place / "out.npy").read_bytes() == wanted
    assert sorted(os.listdir(place)) == ["in.npy", "out.npy"]


def test_a_chunk_that_was_spoilt_on_disk_is_done_again(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    right = Stack.commit

    def cut(self: Stack) -> None:
        raise OutputError(self.name, "cut")

    monkeypatch.setattr(Stack, "commit", cut)
    with pytest.raises(OutputError):
        ran(job(place))
    monkeypatch.setattr(Stack, "commit", right)
    draft = place / ".out.npy.concli-part"
    data = bytearray(draft.read_bytes())
    data[-5] ^= 1
    draft.write_bytes(data)
    report = ran(job(place, resume=True))
    assert {"done": 1, "resumed": 19}.items() <= report.totals.items()
    assert np.allclose(np.load(place / "out.npy"), np.fft.fft2(STACK))


def test_what_another_run_left_is_not_resumed(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Stack, "commit", lambda self: (_ for _ in ()).throw(OutputError(self.name, "cut")))
    with pytest.raises(OutputError):
        ran(job(place))
    with pytest.raises(OutputError, match="another --op, result; do as it did"):
        ran(job(place, operations=operations(["power"]), resume=True))
    monkeypatch.undo()
    assert ran(job(place, resume=True)).totals["resumed"] == 20


def test_a_disk_that_fills_up_is_one_error_and_leaves_what_can_be_resumed(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = os.pwrite

    def full(fd: int, data: bytes, at: int) -> int:
        if at > STACK.nbytes:
            raise OSError(28, "full")
        return right(fd, data[:1000], at)  # and never all at once

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(ExceptionGroup) as caught:
        ran(job(place, threads=2))
    assert [str(error) for error in caught.value.exceptions] == [f"{place}/out.npy: no space left on device"]
    monkeypatch.undo()
    assert ran(job(place, resume=True)).totals["resumed"] > 0


def test_syncing_goes_on_beside_the_work(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collecting, "_SYNC_BYTES", 1)
    report = ran(job(place, threads=2))
    assert [stage.name for stage in report.stages] == ["read", "transform", "collect", "sync"]
    assert report.stages[-1].items_in == 20


def test_a_picture_is_written(place: Path) -> None:
    report = ran(job(place, output=None, preview=str(place / "a.png")))
    assert (place / "a.png").read_bytes().startswith(b"\x89PNG")
    assert report.result["preview"]["chunk"] == 0  # type: ignore[index]


def test_what_can_not_be_is_refused_and_leaves_nothing(place: Path) -> None:
    with pytest.raises(UsageError, match="-o OUT"):
        ran(job(place, output=None, resume=True))
    with pytest.raises(UsageError, match="no type"):
        ran(Job(dtype="strange"))
    with pytest.raises(InputError):
        ran(job(place, inputs=("missing",)))
    with pytest.raises(OutputError):
        ran(job(place, output=str(place / "missing" / "a.npy")))
    assert os.listdir(place) == ["in.npy"]
