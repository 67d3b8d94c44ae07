"""The output."""

import errno
import fcntl
import os
from pathlib import Path

import numpy as np
import pytest

from concli.arrays.fft.digest import digest
from concli.arrays.fft.stack import Stack
from concli.errors import OutputError

VALUES = np.random.default_rng(0).standard_normal((3, 4, 5))


def stack(place: Path) -> Stack:
    return Stack(str(place), 3, (4, 5), np.dtype(float))


def test_it_is_there_when_it_is_whole_and_nothing_else_is(tmp_path: Path) -> None:
    place = tmp_path / "out.npy"
    place.write_text("before")
    place.chmod(0o640)
    out = stack(place)
    assert out.begin({"a": 1}, resume=False) == {}
    for number in (2, 0, 1):
        out.put(number, VALUES[number])
        assert place.read_text() == "before"
    out.commit()
    assert np.array_equal(np.load(place), VALUES)
    assert place.stat().st_mode & 0o777 == 0o640
    assert os.listdir(tmp_path) == ["out.npy"]


def test_what_was_noted_and_is_whole_is_resumed(tmp_path: Path) -> None:
    place = tmp_path / "out.npy"
    out = stack(place)
    out.begin({"a": 1}, resume=True)
    for number in (0, 1):
        out.put(number, VALUES[number])
    out.sync()
    out.journal.add([(number, digest(VALUES[number])) for number in (0, 1, 2)])  # 2 never came to the disk
    out.keep()
    again = stack(place)
    assert set(again.begin({"a": 1}, resume=True)) == {0, 1}
    again.put(2, VALUES[2])
    again.commit()
    assert np.array_equal(np.load(place), VALUES)


def test_without_resume_all_begins_anew(tmp_path: Path) -> None:
    out = stack(tmp_path / "out.npy")
    out.begin({"a": 1}, resume=False)
    out.put(0, VALUES[0])
    out.journal.add([(0, digest(VALUES[0]))])
    out.keep()
    again = stack(tmp_path / "out.npy")
    assert again.begin({"a": 1}, resume=False) == {}
    again.discard()
    assert os.listdir(tmp_path) == []


def test_two_runs_do_not_write_the_same_place(tmp_path: Path) -> None:
    out = stack(tmp_path / "out.npy")
    with pytest.raises(OutputError, match="another run"):
        stack(tmp_path / "out.npy")
    out.discard()


def test_a_draft_that_was_put_in_its_place_meanwhile_is_not_written_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, right = tmp_path / "out.npy", fcntl.flock

    def late(fd: int, how: int) -> None:
        os.replace(tmp_path / ".out.npy.concli-part", place)  # as another run does that was quicker
        right(fd, how)

    monkeypatch.setattr(fcntl, "flock", late)
    with pytest.raises(OutputError, match="another run"):
        stack(place)
    assert place.read_bytes() == b""


def test_a_full_disk_is_told_before_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(OutputError, match="no space left"):
        stack(tmp_path / "out.npy").begin({}, resume=False)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(("name", "words"), [("-", "name a file"), ("missing/a", "no directory"), ("", "no file")])
def test_a_place_where_nothing_can_be_is_refused(tmp_path: Path, name: str, words: str) -> None:
    with pytest.raises(OutputError, match=words):
        Stack(name if name in {"-", ""} else str(tmp_path / name), 1, (1, 1), np.dtype(float))
    with pytest.raises(OutputError, match="no regular file"):
        Stack(os.devnull, 1, (1, 1), np.dtype(float))
