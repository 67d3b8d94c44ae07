"""Where chunks come from."""

import os
from pathlib import Path

import numpy as np
import pytest

from concli.arrays.fft._source import ChunkError, Source
from concli.arrays.fft.source import find_source
from concli.errors import InputError, UsageError


def loaded(source: Source) -> list[np.ndarray]:
    chunks = [source.load(number, np.empty(source.spare_bytes, np.uint8)) for number in range(source.count)]
    source.close()
    return chunks


STACK = np.random.default_rng(0).standard_normal((5, 7, 300))


def test_files_of_a_directory_come_in_the_order_of_their_names_and_with_stacks(tmp_path: Path) -> None:
    for name, values in {"b": STACK[1], "a": STACK[0], "c": STACK[2:]}.items():
        np.save(tmp_path / f"{name}.npy", values)
    (tmp_path / "d.txt").write_text("no array")
    assert np.array_equal(loaded(find_source([str(tmp_path)])), STACK)


def test_raw_values_are_what_the_caller_says(tmp_path: Path) -> None:
    path = tmp_path / "raw"
    path.write_bytes(STACK.astype(">f4").tobytes()[:-4])
    source = find_source([str(path)], shape=(7, 300), dtype=np.dtype(">f4"))
    assert source.count == 5
    spare = np.empty(source.spare_bytes, np.uint8)
    assert np.array_equal(source.load(3, spare), STACK[3].astype(">f4"))
    with pytest.raises(ChunkError, match="ends 4 bytes too early"):
        source.load(4, spare)
    source.close()


def test_inputs_without_a_chunk_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        find_source([str(tmp_path / "missing")])
    with pytest.raises(InputError, match="no chunks"):
        find_source([str(tmp_path)])
    (tmp_path / "raw").write_bytes(bytes(100))
    with pytest.raises(InputError, match="--dtype and --shape"):
        find_source([str(tmp_path / "raw")])
    with pytest.raises(UsageError, match="--shape"):
        find_source([str(tmp_path / "raw")], dtype=np.dtype("f8"))
    np.save(tmp_path / "a.npy", STACK)
    with pytest.raises(UsageError, match="the chunks are 7x300"):
        find_source([str(tmp_path / "a.npy")], shape=(3, 3))


def test_what_has_no_places_to_read_from_is_refused_without_waiting_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name in ("-", str(tmp_path / "pipe"), os.devnull):
        with pytest.raises(InputError, match="save it to one"):
            find_source([name], shape=(2, 2), dtype=np.dtype("f8"))
