"""Where chunks come from."""

from pathlib import Path

import numpy as np
import pytest

from concli.arrays.fft.source import ChunkError, Source, find_source
from concli.errors import InputError, UsageError


def loaded(source: Source) -> list[np.ndarray]:
    chunks = []
    for number in range(source.count):
        chunk = source.load(number, np.empty(source.spare_bytes, np.uint8))
        chunks.append(chunk.values.copy())
        chunk.release()
    source.close()
    return chunks


STACK = np.random.default_rng(0).standard_normal((5, 7, 300))


@pytest.mark.parametrize("order", ["C", "F"])
def test_a_stack_is_its_chunks(tmp_path: Path, order: str) -> None:
    path = str(tmp_path / "a.npy")
    np.save(path, np.asarray(STACK, order=order))  # type: ignore[call-overload]
    source = find_source([path])
    assert np.array_equal(loaded(source), STACK)
    assert source.name(3) == f"{path}[3]"
    assert source.unbounded_bytes == (STACK.nbytes if order == "F" else 0)
    assert find_source([path], chunks=2).count == 2


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
    assert np.array_equal(source.load(3, np.empty(0)).values, STACK[3].astype(">f4"))
    with pytest.raises(ChunkError, match="ends 4 bytes too early"):
        source.load(4, np.empty(0))


def test_random_chunks_depend_on_the_seed_and_the_number_alone() -> None:
    for dtype in ("f4", "f8", "c8", "c16"):
        one, again = (loaded(find_source([], chunks=3, shape=(4, 5), dtype=np.dtype(dtype), seed=7)) for _ in range(2))
        assert np.array_equal(one, again)
        assert one[0].dtype == dtype
        assert not np.array_equal(one[0], one[1])
    assert not np.array_equal(one, loaded(find_source([], chunks=3, shape=(4, 5), dtype=np.dtype("c16"), seed=8)))
    with pytest.raises(UsageError):
        find_source([], dtype=np.dtype("i2"))


def test_a_chunk_that_is_not_like_the_first_fails_alone(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", STACK[0])
    np.save(tmp_path / "b.npy", STACK[0].T)
    np.save(tmp_path / "c.npy", STACK[0].astype("f4"))
    (tmp_path / "d.npy").write_bytes(b"\x93NUMPY")
    (tmp_path / "e.npy").write_bytes((tmp_path / "a.npy").read_bytes()[:-1])
    np.save(tmp_path / "f.npy", STACK[0, 0])
    source = find_source([str(tmp_path)])
    reasons = ["300x7 float64", "7x300 float32", "damaged", "ends 1 bytes too early", "1 axes"]
    for number, words in enumerate(reasons, 1):
        with pytest.raises(ChunkError, match=words):
            source.load(number, np.empty(0))
    (tmp_path / "a.npy").unlink()
    with pytest.raises(ChunkError, match="no such file"):
        source.load(0, np.empty(0))


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
