"""The job's products are numpy's, for every kind of input, and say what was odd about it."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from concli.arrays import blocked
from concli.arrays.matmul import Job, matmul
from concli.errors import InputError, UsageError
from concli.metrics import Run
from tests.arrays.products import Array, multiply, random

LENGTHS = st.integers(0, 70)
KINDS = st.sampled_from(["f8", "f4", "f2", ">f8", "c16", "c8", "i8", "u1", "?"])


def made(rows: int, columns: int, kind: str, layout: str, seed: int) -> Array:
    array = (random(rows, columns, seed) * 9).astype(kind)
    if layout == "F":
        return np.asfortranarray(array)
    if layout == "strided":
        wide = np.zeros((2 * rows, 3 * columns), kind)
        wide[::2, ::3] = array
        return wide[::2, ::3]
    return array[::-1].copy()[::-1] if layout == "reversed" else array


@settings(deadline=None, max_examples=60)
@given(
    shape=st.tuples(LENGTHS, LENGTHS, LENGTHS),
    kinds=st.tuples(KINDS, KINDS),
    layouts=st.tuples(*[st.sampled_from(["C", "F", "strided", "reversed"])] * 2),
    normalize=st.sampled_from(["none", "rows", "max"]),
    algorithm=st.sampled_from(["blocked", "strassen"]),
    threads=st.integers(1, 3),
)
def test_a_product_is_that_of_numpy_and_passes_the_check(
    shape: tuple[int, int, int], kinds: Any, layouts: Any, normalize: str, algorithm: str, threads: int
) -> None:
    rows, inner, columns = shape
    a = made(rows, inner, kinds[0], layouts[0], 1)
    b = made(inner, columns, kinds[1], layouts[1], 2)
    product, report = multiply(a=a, b=b, normalize=normalize, algorithm=algorithm, threads=threads)
    precise = "c16" if product.dtype.kind == "c" else "f8"
    expected = a.astype(precise) @ b.astype(precise)
    tolerance = 1e-12 if product.dtype.itemsize >= 8 and product.dtype != np.dtype("c8") else 1e-5
    size = np.abs(a.astype(precise)) @ np.abs(b.astype(precise)) * tolerance + 1e-30
    if normalize == "max" and expected.size and np.abs(expected).max():
        expected, size = expected / np.abs(expected).max(), size / np.abs(expected).max()
    if normalize != "rows":
        assert (np.abs(product - expected) <= size * (100 if algorithm == "strassen" else 1) * 4).all()
    elif algorithm == "blocked" and expected.size:
        sums = product.sum(axis=1)
        well = np.abs(expected.sum(axis=1)) > size.sum(axis=1) / tolerance * 1e-3
        np.testing.assert_allclose(sums[well], 1, rtol=0, atol=1e3 * tolerance)
    assert report.result["dtype"] == str(product.dtype)


@settings(deadline=None, max_examples=30)
@given(
    odd=st.lists(st.tuples(st.integers(0, 1), st.integers(0, 29), st.sampled_from([np.nan, np.inf, -np.inf]))),
    algorithm=st.sampled_from(["blocked", "strassen"]),
    normalize=st.sampled_from(["none", "rows", "max"]),
)
def test_nan_and_infinities_are_kept_counted_and_spread_no_further_than_they_must(
    odd: list[tuple[int, int, float]], algorithm: str, normalize: str
) -> None:
    both = [random(30, 30, 1), random(30, 30, 2)]
    for which, place, value in odd:
        both[which][place, place * 7 % 30] = value
    with np.errstate(all="ignore"):
        expected = both[0] @ both[1]
    product, report = multiply(a=both[0], b=both[1], algorithm=algorithm, normalize=normalize)
    np.testing.assert_array_equal(np.isnan(product), np.isnan(expected))
    np.testing.assert_array_equal(np.isinf(product), np.isinf(expected))
    counted: Any = report.result["odd"]
    assert counted == {"nan": np.isnan(expected).sum(), "infinite": np.isinf(expected).sum()}
    if algorithm == "strassen" and odd:
        assert report.result["algorithm"] == "blocked"
        assert "would spread" in str(report.result["why"])


def test_a_product_that_overflows_has_infinities_and_is_no_error() -> None:
    product, report = multiply(a=np.full((3, 3), 1e200), b=np.full((3, 3), 1e200))
    assert np.isinf(product).all()
    assert report.result["odd"] == {"nan": 0, "infinite": 9}


def test_integers_are_exact_as_long_as_no_sum_can_pass_what_a_float_holds() -> None:
    a = np.full((2, 4), 2**25)
    product, report = multiply(a=a, b=a.T.copy())
    assert product.tolist() == (a @ a.T).tolist()
    assert "exact" in str(report.result["integers"])
    _, report = multiply(a=a * 4, b=a.T.copy())
    assert "rounded" in str(report.result["integers"])


def test_random_matrices_and_their_product_are_the_same_for_any_number_of_threads() -> None:
    one, two, other = (
        multiply(size=(700, 300, 90), threads=threads, seed=seed)[0] for threads, seed in ((1, 5), (2, 5), (2, 6))
    )
    assert one.tobytes() == two.tobytes()
    assert not np.allclose(one, other)


def test_a_wrong_product_fails_the_check(monkeypatch: pytest.MonkeyPatch) -> None:
    right = blocked.Blocked._multiply

    def wrong(self: Any, tile: Any) -> None:
        right(self, tile)
        if not tile.rows.start:
            self._c[3, 5] += 1e-6

    monkeypatch.setattr(blocked.Blocked, "_multiply", wrong)
    run = Run("matmul", {})
    matmul(Job(size=(200, 200, 200), rounds=20, threads=2), run)
    [check] = [check for check in run.snapshot().checks if not check.passed]
    assert check.detail.startswith("row 3 is wrong; 20 rounds")


def test_a_worker_that_fails_ends_the_others_at_the_barrier(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def fail(_self: Any, tile: Any) -> None:
        if tile.rows.stop == 600:
            raise ZeroDivisionError

    monkeypatch.setattr(blocked.Blocked, "_multiply", fail)
    place = tmp_path / "c.npy"
    place.write_bytes(b"before")
    with pytest.raises(ExceptionGroup) as failed:
        matmul(Job(size=(600, 600, 600), threads=2, output=str(place)), Run("matmul", {}))
    assert [type(one) for one in failed.value.exceptions] == [ZeroDivisionError]
    assert [(one.name, one.read_bytes()) for one in tmp_path.iterdir()] == [("c.npy", b"before")]


@pytest.mark.parametrize("memory", [1 << 20, 3 << 20])
@pytest.mark.parametrize("normalize", ["none", "rows", "max"])
def test_what_is_larger_than_memory_is_streamed_and_the_same(tmp_path: Path, memory: int, normalize: str) -> None:
    a, b = random(301, 409, 1), np.asfortranarray(random(409, 503, 2))
    np.save(tmp_path / "a.npy", a)
    np.save(tmp_path / "b.npy", b.astype(">f8"))
    places = {name: str(tmp_path / f"{name}.npy") for name in ("a", "b")}
    place = str(tmp_path / "c.npy")
    _, report = multiply(**places, output=place, memory=memory, normalize=normalize)
    expected, _ = multiply(a=a, b=b, normalize=normalize)
    product = np.load(place)
    scale = 1e-12 * (np.abs(a) @ np.abs(b)).max() if normalize == "none" else np.abs(expected).max() * 1e-9
    np.testing.assert_allclose(product, expected, rtol=0, atol=scale)
    used: Any = report.result["memory"]
    assert used["streamed"]
    assert used["tiles_bytes"] <= memory
    assert sorted(one.name for one in tmp_path.iterdir()) == ["a.npy", "b.npy", "c.npy"]


def test_a_streamed_product_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from concli.arrays import streamed  # noqa: PLC0415 - to break it

    def fail(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(streamed.Streamed, "_multiply", fail)
    np.save(tmp_path / "a.npy", random(400, 400))
    place = str(tmp_path / "a.npy")
    with pytest.raises(ExceptionGroup):
        matmul(Job(place, place, output=str(tmp_path / "c.npy"), memory=1 << 20, threads=2), Run("matmul", {}))
    assert [one.name for one in tmp_path.iterdir()] == ["a.npy"]


def test_what_does_not_fit_together_is_said_with_what_to_do() -> None:
    run = Run("matmul", {})
    with pytest.raises(InputError, match="it is 4x5, and the left one is 2x3"):
        matmul(Job(np.ones((2, 3)), np.ones((4, 5))), run)
    with pytest.raises(UsageError, match="give the inputs as files"):
        matmul(Job(np.ones((600, 600)), np.ones((600, 600)), memory=1 << 20), run)
    with pytest.raises(UsageError, match="too few"):
        matmul(Job(memory=1000), run)
    with pytest.raises(UsageError, match="imaginary"):
        matmul(Job(np.ones((2, 2), "c8"), np.ones((2, 2)), dtype="float32"), run)
    with pytest.raises(UsageError, match="give both"):
        matmul(Job(np.ones((2, 2))), run)


def test_an_interrupt_leaves_what_was_there(tmp_path: Path, concli_env: dict[str, str]) -> None:
    for name in ("a.npy", "b.npy"):
        np.save(tmp_path / name, np.ones((1500, 1500), "f4"))
    (tmp_path / "c.npy").write_bytes(b"before")
    for extra in ([], ["--memory", "20MiB"], ["--engine", "processes", "-t", "2"]):
        code = (
            "import sys, os, signal\n"
            "from concli.arrays import crew\n"
            "real = crew.Crew.count\n"
            "def count(self, flops):\n"
            "    real(self, flops)\n"
            "    os.kill(os.getpid(), signal.SIGINT)\n"
            "crew.Crew.count = count\n"
            "sys.argv[1:] = " + repr(["matmul", "-qa", "a.npy", "-b", "b.npy", "-o", "c.npy", *extra]) + "\n"
            "from concli.cli import main; main()"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, cwd=tmp_path, env=concli_env, timeout=50, check=False
        )
        assert done.returncode == 128 + signal.SIGINT, done.stderr
        assert sorted(os.listdir(tmp_path)) == ["a.npy", "b.npy", "c.npy"]
        assert (tmp_path / "c.npy").read_bytes() == b"before"


@pytest.mark.stress
@pytest.mark.parametrize("algorithm", ["blocked", "strassen"])
def test_many_threads_make_the_same_product_again_and_again(algorithm: str) -> None:
    a, b = random(517, 301, 1), random(301, 411, 2)
    expected = a @ b
    for turn in range(300):
        product, _ = multiply(a=a, b=b, algorithm=algorithm, threads=1 + turn % 13)
        np.testing.assert_allclose(product, expected, rtol=0, atol=1e-10)
