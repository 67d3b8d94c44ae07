"""Damaged files and such as hold no matrix are refused in one line; what is written appears whole or not at all."""

import errno
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from concli.arrays.npy import MatrixOutput, is_mappable, open_matrix, write_matrix
from concli.errors import InputError, OutputError
from concli.files import open_output
from tests.arrays.products import random


@pytest.mark.parametrize("kind", ["f8", ">f4", "c16", "i2", "?"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_a_matrix_is_mapped_as_it_was_saved(tmp_path: Path, kind: str, order: Any) -> None:
    saved = np.asarray((random(7, 5) * 9).astype(kind), order=order)
    np.save(tmp_path / "m.npy", saved)
    matrix = open_matrix(str(tmp_path / "m.npy"))
    np.testing.assert_array_equal(matrix.array, saved)
    matrix.release()
    np.testing.assert_array_equal(matrix.array, saved)


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_every_version_of_the_format_is_read(tmp_path: Path, version: tuple[int, int]) -> None:
    with open(tmp_path / "m.npy", "wb") as file:
        np.lib.format.write_array(file, random(3, 4), version)
    np.testing.assert_array_equal(open_matrix(str(tmp_path / "m.npy")).array, random(3, 4))


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.array([[object()]]), "pickled"),
        (np.ones(5), "this has 1 axes"),
        (np.ones((2, 2, 2)), "this has 3 axes"),
        (np.array([["text"]]), "elements are <U4"),
        (np.ones((2, 2), [("x", "f8")]), "its elements are"),
        (np.ones((2, 2), "M8[s]"), "its elements are"),
    ],
)
def test_what_is_no_matrix_of_numbers_is_refused(tmp_path: Path, array: Any, words: str) -> None:
    np.save(tmp_path / "m.npy", array, allow_pickle=True)
    with pytest.raises(InputError, match=words):
        open_matrix(str(tmp_path / "m.npy"))


def test_other_files_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "m.npz", random(2, 2))
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "text").write_bytes(b"1 2\n3 4\n")
    (tmp_path / "new").write_bytes(b"\x93NUMPY\x09\x00" + bytes(100))
    for name, words in (("m.npz", "archive"), ("text", "no .npy"), ("new", "version"), ("none", "no such file")):
        with pytest.raises(InputError, match=words):
            open_matrix(str(tmp_path / name))
    with pytest.raises(InputError, match="directory"):
        open_matrix(str(tmp_path))


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_a_damaged_file_is_read_or_refused_in_one_line(tmp_path_factory: Any, data: st.DataObject) -> None:
    place = tmp_path_factory.getbasetemp() / "damaged.npy"
    np.save(place, random(4, 3))
    content = bytearray(place.read_bytes())
    if data.draw(st.booleans()):
        del content[data.draw(st.integers(0, len(content) - 1)) :]
    for _ in range(data.draw(st.integers(1, 4))):
        if content:
            content[data.draw(st.integers(0, min(len(content), 80) - 1))] = data.draw(st.integers(0, 255))
    place.write_bytes(content)
    try:
        assert open_matrix(str(place)).array.ndim == 2
    except InputError as error:
        assert "\n" not in str(error)  # noqa: PT017 - it need not be raised


@pytest.mark.parametrize("shape", [(5, 3), (0, 3), (5, 0)])
def test_what_is_written_is_what_numpy_loads(tmp_path: Path, shape: tuple[int, int]) -> None:
    output = open_output(str(tmp_path / "m.npy"))
    assert write_matrix(output, random(*shape)) == 128 + 8 * shape[0] * shape[1]
    output.commit()
    np.testing.assert_array_equal(np.load(tmp_path / "m.npy"), random(*shape))


def test_a_mapped_output_appears_only_when_it_is_whole(tmp_path: Path) -> None:
    place = tmp_path / "m.npy"
    place.write_bytes(b"before")
    place.chmod(0o640)
    output = MatrixOutput(str(place), (4, 3), np.dtype("f8"))
    output.matrix.array[...] = random(4, 3)
    output.matrix.release()
    assert place.read_bytes() == b"before"
    output.commit()
    np.testing.assert_array_equal(np.load(place), random(4, 3))
    assert place.stat().st_mode & 0o777 == 0o640
    MatrixOutput(str(place), (9, 9), np.dtype("f8")).abort()
    assert [one.name for one in tmp_path.iterdir()] == ["m.npy"]


def test_a_full_disk_is_known_before_anything_is_computed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(OutputError, match="no space left"):
        MatrixOutput(str(tmp_path / "m.npy"), (4, 3), np.dtype("f8"))
    assert list(tmp_path.iterdir()) == []


def test_standard_output_and_devices_are_not_mapped(tmp_path: Path) -> None:
    assert [is_mappable(one) for one in (None, "-", os.devnull)] == [False] * 3
    assert is_mappable(str(tmp_path / "new.npy"))
