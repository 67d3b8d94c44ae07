"""Extras are read from the package's own metadata, and the line that installs one is right."""

import json
from importlib import metadata
from pathlib import Path

import pytest

import concli
from concli.lab.extras import Extra, Installation, installation

INFO = """Metadata-Version: 2.1
Name: concli
Version: 1
Requires-Dist: pytest>=8
Requires-Dist: no.such-package[fast]>=2; python_version > "3"
Provides-Extra: all
Provides-Extra: some
Requires-Dist: concli[some]; extra == "all"
Requires-Dist: hypothesis>=6; extra == "all"
Requires-Dist: gone[speedups]>=1; extra == 'some'
Requires-Dist: pytest; python_version > "3" and extra == "some"
"""


def give(monkeypatch: pytest.MonkeyPatch, found: metadata.Distribution | None) -> None:
    """Have concli be installed as ``found``, or not at all, and everything else as it is."""
    real = metadata.distribution

    def distribution(name: str) -> metadata.Distribution:
        if name != "concli":
            return real(name)
        if found is None:
            raise metadata.PackageNotFoundError(name)
        return found

    monkeypatch.setattr(metadata, "distribution", distribution)


def install(monkeypatch: pytest.MonkeyPatch, folder: Path, origin: object = None) -> None:
    info = folder / "concli-1.dist-info"
    info.mkdir(exist_ok=True)
    (info / "METADATA").write_text(INFO)
    if origin is not None:
        (info / "direct_url.json").write_text(json.dumps(origin))
    give(monkeypatch, metadata.PathDistribution(info))


def test_what_is_installed_and_missing_follows_extras_within_extras(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pytest_, hypothesis = metadata.version("pytest"), metadata.version("hypothesis")
    install(monkeypatch, tmp_path)
    line = "python -m pip install 'concli[{}]'"
    assert installation() == Installation(
        {"pytest": pytest_, "no.such-package": None},
        [
            Extra("all", {"pytest": pytest_, "hypothesis": hypothesis}, ["gone"], line.format("all")),
            Extra("some", {"pytest": pytest_}, ["gone"], line.format("some")),
        ],
        "the installed package",
    )


@pytest.mark.parametrize(
    ("origin", "target"),
    [
        ({"url": "https://x/concli.whl"}, "concli[some] @ https://x/concli.whl"),
        ({"url": "https://x/concli", "vcs_info": {"vcs": "git"}}, "concli[some] @ git+https://x/concli"),
    ],
)
def test_what_came_from_elsewhere_is_installed_from_there(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, origin: object, target: str
) -> None:
    install(monkeypatch, tmp_path, origin)
    assert installation().extras[1].install == f"python -m pip install '{target}'"


def test_a_checkout_that_nobody_installed_says_what_its_metadata_will(monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, None)
    found = installation()
    assert found.source == "pyproject.toml of a checkout"
    assert "click" in found.dependencies
    extras = {extra.name: extra for extra in found.extras}
    assert extras["peers"].install == "python -m pip install '.[peers]'"
    peers = {*extras["peers"].installed, *extras["peers"].missing}
    assert "culsans" in peers
    assert peers < {*extras["bench"].installed, *extras["bench"].missing}


def test_with_neither_nothing_is_known(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    give(monkeypatch, None)
    monkeypatch.setattr(concli, "__file__", str(tmp_path / "concli" / "__init__.py"))
    assert installation() == Installation({}, [], None)
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "another"\n')
    assert installation() == Installation({}, [], None)
