"""Chunks in files."""

import errno
import os
from pathlib import Path

import numpy as np
import pytest

from concli.arrays.fft._source import ChunkError, ReadError
from concli.arrays.fft.source import find_source

STACK = np.random.default_rng(0).standard_normal((5, 7, 300))


@pytest.mark.parametrize("order", ["C", "F"])
def test_a_stack_is_its_chunks(tmp_path: Path, order: str) -> None:
    path = str(tmp_path / "a.npy")
    np.save(path, np.asarray(STACK, order=order))  # type: ignore[call-overload]
    source = find_source([path])
    spare = np.empty(source.spare_bytes, np.uint8)
    assert all(np.array_equal(source.load(number, spare), values) for number, values in enumerate(STACK))
    assert source.name(3) == f"{path}[3]"
    assert source.unbounded_bytes == (STACK.nbytes if order == "F" else 0)
    assert find_source([path], chunks=2).count == 2
    source.close()


def test_a_chunk_in_fortran_order_is_itself(tmp_path: Path) -> None:
    path = str(tmp_path / "a.npy")
    np.save(path, STACK[0].T)
    source = find_source([path])
    assert source.unbounded_bytes == 0
    assert np.array_equal(source.load(0, np.empty(source.spare_bytes, np.uint8)), STACK[0].T)
    source.close()


def test_a_chunk_that_is_not_like_the_first_fails_alone(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", STACK[0])
    np.save(tmp_path / "b.npy", STACK[0].T)
    np.save(tmp_path / "c.npy", STACK[0].astype("f4"))
    (tmp_path / "d.npy").write_bytes(b"\x93NUMPY")
    (tmp_path / "e.npy").write_bytes((tmp_path / "a.npy").read_bytes()[:-1])
    np.save(tmp_path / "f.npy", STACK[0, 0])
    source = find_source([str(tmp_path)])
    spare = np.empty(source.spare_bytes, np.uint8)
    reasons = ["300x7 float64", "7x300 float32", "damaged", "ends 1 bytes too early", "1 axes"]
    for number, words in enumerate(reasons, 1):
        with pytest.raises(ChunkError, match=words):
            source.load(number, spare)
    (tmp_path / "a.npy").unlink()
    with pytest.raises(ChunkError, match="no such file"):
        source.load(0, spare)


@pytest.mark.parametrize("order", ["C", "F"])
def test_a_file_that_is_cut_short_after_it_was_looked_at_is_an_error_of_the_chunk(tmp_path: Path, order: str) -> None:
    path = tmp_path / "a.npy"
    np.save(path, np.asarray(STACK, order=order))  # type: ignore[call-overload]
    source = find_source([str(path)])
    spare = np.empty(source.spare_bytes, np.uint8)
    source.load(4, spare)
    os.truncate(path, path.stat().st_size - 8)
    with pytest.raises(ChunkError, match="ends 8 bytes too early") as caught:
        source.load(4, spare)
    assert not isinstance(caught.value, ReadError)
    source.close()


def test_an_error_of_reading_may_pass_and_the_file_is_opened_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    np.save(tmp_path / "a.npy", STACK)
    source = find_source([str(tmp_path / "a.npy")])
    spare = np.empty(source.spare_bytes, np.uint8)
    for number, kind in ((errno.EIO, ReadError), (errno.EACCES, ChunkError)):

        def broken(*_: object, number: int = number) -> int:
            raise OSError(number, "broken")

        monkeypatch.setattr(os, "preadv", broken)
        with pytest.raises(ChunkError, match=os.strerror(number).lower()) as caught:
            source.load(2, spare)
        assert type(caught.value) is kind
        monkeypatch.undo()
        assert np.array_equal(source.load(2, spare), STACK[2])
    source.close()


def test_bytes_that_come_in_pieces_are_put_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.save(tmp_path / "a.npy", STACK)
    source = find_source([str(tmp_path / "a.npy")])
    right = os.preadv
    monkeypatch.setattr(os, "preadv", lambda fd, rooms, place: right(fd, [rooms[0][:999]], place))
    assert np.array_equal(source.load(3, np.empty(source.spare_bytes, np.uint8)), STACK[3])
    source.close()
