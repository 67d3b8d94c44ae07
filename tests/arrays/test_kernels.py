"""The best kernels are asked for where that is safe, and never against the user."""

import sys

import pytest

from concli.arrays import kernels
from concli.arrays.kernels import AVX512, better_kernel, cpu_flags, prefer_best_kernel


def on(monkeypatch: pytest.MonkeyPatch, flags: str, vendor: str) -> None:
    monkeypatch.delitem(sys.modules, "numpy", raising=False)
    monkeypatch.setattr(kernels, "_line", {"flags": flags, "vendor_id": vendor}.__getitem__)


def test_a_cpu_with_avx512_that_openblas_may_not_know_gets_its_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    on(monkeypatch, " ".join(AVX512), "AuthenticAMD")
    environ: dict[str, str] = {}
    assert prefer_best_kernel(environ).kernel == "SKYLAKEX"
    assert environ == {"OPENBLAS_CORETYPE": "SKYLAKEX"}


def test_the_users_setting_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    on(monkeypatch, " ".join(AVX512), "AuthenticAMD")
    environ = {"OPENBLAS_CORETYPE": "Haswell"}
    choice = prefer_best_kernel(environ)
    assert (choice.kernel, environ["OPENBLAS_CORETYPE"]) == ("Haswell", "Haswell")
    assert "by the user" in choice.why


@pytest.mark.parametrize(
    ("flags", "vendor"), [("avx2 avx512f", "AuthenticAMD"), ("", ""), (" ".join(AVX512), "GenuineIntel")]
)
def test_other_cpus_are_left_to_openblas(monkeypatch: pytest.MonkeyPatch, flags: str, vendor: str) -> None:
    on(monkeypatch, flags, vendor)
    environ: dict[str, str] = {}
    assert prefer_best_kernel(environ).kernel is None
    assert not environ


def test_once_numpy_is_loaded_it_is_too_late(monkeypatch: pytest.MonkeyPatch) -> None:
    on(monkeypatch, " ".join(AVX512), "AuthenticAMD")
    monkeypatch.setitem(sys.modules, "numpy", sys)
    environ: dict[str, str] = {}
    assert "loaded before" in prefer_best_kernel(environ).why
    assert not environ


def test_kernels_are_held_against_the_flags() -> None:
    able = frozenset(AVX512)
    assert better_kernel("Zen", able) == "SkylakeX"
    assert [better_kernel(chosen, able) for chosen in ("SkylakeX", "Cooperlake", None, "ARMV8")] == [None] * 4
    assert better_kernel("Haswell", frozenset({"avx2"})) is None


def test_without_the_systems_word_there_are_no_flags(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object, **__: object) -> None:
        raise FileNotFoundError

    monkeypatch.setattr("builtins.open", missing)
    assert cpu_flags() == frozenset()
