"""``concli matmul`` as a user and a script meet it."""

import io
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import RunConcli


def test_files_become_a_product_with_a_report_whose_checks_pass(concli: RunConcli, tmp_path: Path) -> None:
    a, b = np.random.default_rng(1).random((90, 70)), np.random.default_rng(2).random((70, 50)).astype("f4")
    np.save(tmp_path / "a.npy", a)
    np.save(tmp_path / "b.npy", b)
    done = concli("matmul", "-a", "a.npy", "-b", "b.npy", "-o", "c.npy", "--check", "--json", "-t", "2")
    assert done.returncode == 0, done.stderr
    np.testing.assert_allclose(np.load(tmp_path / "c.npy"), a @ b)
    report = json.loads(done.stdout)
    assert (report["schema"], report["command"]) == ("concli.report/1", "matmul")
    assert [check for check in report["checks"] if not check["passed"]] == []
    result = report["result"]
    assert (result["rows"], result["inner"], result["columns"], result["dtype"]) == (90, 70, 50, "float64")
    assert result["check"]["rounds"] == 20
    assert float(result["check"]["failure_probability"]) == pytest.approx(2**-20, rel=1e-3)
    assert report["totals"]["tiles"] == result["tiles"]["all"]
    assert result["gflops_per_s"] > 0
    assert result["peak_gflops_per_s"] > 0


def test_the_table_tells_the_rate_the_algorithm_and_the_kernel(concli: RunConcli) -> None:
    done = concli("matmul", "--size", "200", "-t", "2", "--normalize", "max", "--check")
    assert (done.returncode, done.stdout) == (0, b"")
    text = done.stderr.decode()
    for words in ("200x200 by 200x200", "GFLOP/s", "of the measured peak", "blocked: the least side", "kernel", "skew"):
        assert words in text
    assert "the product is that of A and B: 20 rounds" in " ".join(text.split())


def test_the_product_can_go_to_standard_output(concli: RunConcli) -> None:
    done = concli("matmul", "--size", "4x3x2", "-o", "-", "-q")
    assert (done.returncode, done.stderr) == (0, b"")
    assert np.load(io.BytesIO(done.stdout)).shape == (4, 2)


@pytest.mark.parametrize("size", ["300", "3x0x2"])
def test_worker_processes_multiply_the_same_and_the_table_tells_of_them(
    concli: RunConcli, tmp_path: Path, size: str
) -> None:
    words = ["matmul", "--size", size, "-t", "2", "--check", "--seed", "3"]
    done = concli(*words, "-o", "there.npy", "--engine", "processes", "--report", "report.json")
    assert done.returncode == 0, done.stderr
    assert concli(*words, "-qo", "here.npy").returncode == 0
    assert (tmp_path / "there.npy").read_bytes() == (tmp_path / "here.npy").read_bytes()
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["config"]["engine"] == "processes"
    assert report["engine"]["units"] == report["totals"]["tiles"] + len(report["result"]["workers"])
    text = done.stderr.decode()
    assert "processes  worker-1" in text
    assert "check, write: done by threads of this process" in text


def test_auto_takes_threads_and_says_why(concli: RunConcli) -> None:
    config = json.loads(concli("matmul", "--size", "9", "--engine", "auto", "--json").stdout)["config"]
    assert config["engine"] == "threads"
    assert "GIL" in config["engine_why"]


@pytest.mark.parametrize("size", ["0", "0x3x2", "3x0x2", "1", "1x5000x1"])
def test_empty_and_tiny_matrices_are_products_too(concli: RunConcli, size: str) -> None:
    done = concli("matmul", "--size", size, "-t", "3", "--check", "--normalize", "rows", "-qo", "c.npy")
    assert (done.returncode, done.stderr) == (0, b"")


def test_strassens_is_said_with_its_bound(concli: RunConcli) -> None:
    done = concli("matmul", "--size", "300", "--algorithm", "strassen", "--json")
    report = json.loads(done.stdout)
    assert (report["result"]["algorithm"], report["result"]["levels"]) == ("strassen", 1)
    assert float(report["result"]["error_bound"]) < 1e-6
    assert "the error is within Strassen's bound" in [check["name"] for check in report["checks"]]


def test_the_users_kernel_is_kept_and_said(concli: RunConcli, concli_env: dict[str, str]) -> None:
    done = concli("matmul", "--size", "50", "--json", env=concli_env | {"OPENBLAS_CORETYPE": "Haswell"})
    blas = json.loads(done.stdout)["result"]["blas"]
    assert (blas["asked_for"], blas["why"]) == ("Haswell", "OPENBLAS_CORETYPE is set by the user")
    if sys.platform == "linux" and blas["name"] == "scipy-openblas":
        assert blas["one_thread_by"] in {"threadpoolctl", "OpenBLAS"}


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["-a", "x.npy"], 2, "give both matrices"),
        (["-a", "x.npy", "-b", "x.npy", "--size", "3"], 2, "--size is for random matrices"),
        (["--size", "3x4"], 2, "'3x4' is not a size"),
        (["--size", "many"], 2, "'many' is not a size"),
        (["--json", "-o", "-"], 2, "--json: the product goes to standard output"),
        (["--memory", "much"], 2, "is not a size"),
        (["--memory", "1k"], 2, "too few for tiles"),
        (["--size", "400", "--memory", "1MiB"], 2, "give the inputs as files"),
        (["-a", "x.npy", "-b", "x.npy"], 3, "x.npy: no such file"),
        (["-a", "bad.npy", "-b", "bad.npy"], 3, "bad.npy: this is no .npy file"),
        (["--size", "9", "-o", "none/c.npy"], 3, "there is no directory"),
    ],
)
def test_what_is_wrong_is_one_line(
    concli: RunConcli, tmp_path: Path, arguments: list[str], code: int, words: str
) -> None:
    (tmp_path / "bad.npy").write_bytes(b"x" * 300)
    done = concli("matmul", *arguments)
    assert (done.returncode, done.stdout) == (code, b"")
    assert words in done.stderr.decode()
    assert len(done.stderr.splitlines()) == 1
    assert sorted(one.name for one in tmp_path.iterdir()) == ["bad.npy"]
