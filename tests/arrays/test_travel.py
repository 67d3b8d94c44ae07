"""What is sent arrives as it was, and no more of it is sent than must be."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from concli.arrays.npy import open_matrix
from concli.arrays.travel import Origin, Part, new_array, put
from concli.arrays.units import make_doer
from concli.engines.threads import Threads
from concli.errors import InputError
from tests.arrays.products import Array, random

SLICES = st.slices(9).filter(lambda one: (one.step or 1) > 0)


def sent(value: Any) -> tuple[Any, int]:
    """Return a value as it arrives, and the bytes that were copied; those in buffers are not."""
    buffers: list[pickle.PickleBuffer] = []
    body = pickle.dumps(value, 5, buffer_callback=buffers.append)
    return pickle.loads(body, buffers=buffers), len(body)


@given(SLICES, SLICES, st.booleans(), st.sampled_from(["f8", "f4", "c16"]))
def test_a_part_arrives_with_its_strides_and_in_the_same_memory(
    rows: slice, columns: slice, is_fortran: bool, kind: str
) -> None:
    whole = np.asarray(random(9, 9), kind, order="F" if is_fortran else "C")
    part = whole[rows, columns]
    for one in (Part(part), Part(part).alone()):
        arrived, _ = sent(one)
        np.testing.assert_array_equal(arrived.array, part)
    arrived, size = sent(Part(part))
    assert arrived.array.strides == part.strides
    assert np.shares_memory(arrived.array, part) == bool(part.size)
    assert size < 300


def test_what_is_sent_alone_has_nothing_between() -> None:
    whole = random(100, 100)
    assert len(pickle.dumps(Part(whole[:, :1]))) > whole.nbytes * 0.9
    assert len(pickle.dumps(Part(whole[:, :1]).alone())) < 1200
    assert Part(whole[3:7]).alone().array.base is whole


@pytest.fixture
def matrix(tmp_path: Path) -> tuple[Path, Array]:
    path = tmp_path / "a.npy"
    np.save(path, random(40, 30))
    return path, open_matrix(str(path)).array.view(np.ndarray)


def test_a_part_of_a_file_is_sent_as_its_place_there(matrix: tuple[Path, Array]) -> None:
    _, whole = matrix
    for part in (whole, whole[7:, 3:], whole[::2].T, whole[39:, 29:]):
        arrived, size = sent(Part(part).alone())
        np.testing.assert_array_equal(arrived.array, part)
        assert not np.shares_memory(arrived.array, part)
        assert size < 400


def test_a_file_that_has_changed_or_is_gone_is_an_error_with_its_name(matrix: tuple[Path, Array]) -> None:
    path, whole = matrix
    body = pickle.dumps(Part(whole))
    np.save(path.with_name("b.npy"), random(50, 30))
    path.with_name("b.npy").replace(path)
    with pytest.raises(InputError, match=r"a\.npy: it has changed"):
        pickle.loads(body)
    path.unlink()
    with pytest.raises(InputError, match=r"a\.npy: no such file"):
        pickle.loads(body)


def test_a_file_is_read_where_it_was_meant_and_not_beyond_its_end(matrix: tuple[Path, Array]) -> None:
    path, whole = matrix
    origin = Origin.of(str(path), path.stat().st_size - whole.nbytes, path.stat())
    np.testing.assert_array_equal(origin.read((40, 30), whole.dtype, "C"), whole)
    np.testing.assert_array_equal(origin.read((30, 40), whole.dtype, "F"), whole.T)
    with pytest.raises(InputError, match="ends too early"):
        origin.read((41, 30), whole.dtype, "C")


def test_a_result_that_was_made_elsewhere_is_copied_and_no_other() -> None:
    out = np.zeros((4, 4))
    put(np.ones((4, 2)), out[:, ::2])
    assert out.sum() == 8
    there = out[::-1]  # had it been copied, it would be turned round
    out[0] = 7
    put(there, out)
    assert out[0].tolist() == [7] * 4


def test_an_array_of_a_place_is_empty_and_may_be_of_any_shape() -> None:
    with Threads(1).open(make_doer) as place:
        for shape in ((3, 4), (0, 4), (5,)):
            array = new_array(place, shape, np.dtype("f4"))
            assert (array.shape, str(array.dtype), array.flags.writeable) == (shape, "float32", True)
            assert not array.any()
