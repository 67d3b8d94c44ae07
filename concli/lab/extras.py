"""What this installation of concli has of what it can use: dependencies, extras, and how to get the rest."""

import json
import re
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

import concli

__all__ = ["Extra", "Installation", "installation"]

# name, [extras], versions; and behind the semicolon the extra it belongs to, if to any
_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9._-]+)\s*(?:\[(.*?)\])?[^;]*(?:;.*?\bextra\s*==\s*['\"]([^'\"]+))?")


class Extra(NamedTuple):
    """An extra: what of it is installed, by name and version, what is missing, and the line that installs it."""

    name: str
    installed: dict[str, str]
    missing: list[str]
    install: str


class Installation(NamedTuple):
    """The dependencies with their versions, None for one that is missing; the extras; where this was read."""

    dependencies: dict[str, str | None]
    extras: list[Extra]
    source: str | None


class _Declared(NamedTuple):
    """What the project asks for: requirements and extras, and what pip is to be given, the extra between the []."""

    requirements: list[str]
    extras: list[str]
    source: str
    target: str


def installation(distribution: str = "concli") -> Installation:
    """Read the project's own metadata, or, in a checkout that nobody installed, what they are made from."""
    declared = _of_distribution(distribution) or _of_checkout(distribution)
    if declared is None:
        return Installation({}, [], None)
    needed: dict[str, dict[str, list[str]]] = {"": {}, **{name: {} for name in declared.extras}}
    for requirement in declared.requirements:
        match = _REQUIREMENT.match(requirement)
        if match:
            needed.setdefault(match[3] or "", {})[match[1]] = re.findall(r"[\w.-]+", match[2] or "")
    extras = []
    for name in declared.extras:
        versions = {each: _version(each) for each in dict.fromkeys(_expanded(distribution, name, needed))}
        there = {each: version for each, version in versions.items() if version is not None}
        line = f"python -m pip install '{declared.target.replace('[]', f'[{name}]', 1)}'"
        extras.append(Extra(name, there, [each for each in versions if each not in there], line))
    return Installation({name: _version(name) for name in needed[""]}, extras, declared.source)


def _of_distribution(name: str) -> _Declared | None:
    try:
        found = metadata.distribution(name)
        requirements, extras = found.requires or [], found.metadata.get_all("Provides-Extra") or []
        origin = json.loads(found.read_text("direct_url.json") or "{}")  # pip installed it from somewhere else
    except (metadata.PackageNotFoundError, OSError, ValueError):
        return None
    url = origin.get("url")
    vcs = origin.get("vcs_info", {}).get("vcs")
    target = f"{name}[]" if url is None else f"{name}[] @ {vcs}+{url}" if vcs else f"{name}[] @ {url}"
    return _Declared(requirements, extras, "the installed package", target)


def _of_checkout(name: str) -> _Declared | None:
    try:
        project = tomllib.loads((Path(concli.__file__).parent.parent / "pyproject.toml").read_text())["project"]
        if project["name"] != name:
            return None
        extras: dict[str, list[str]] = project.get("optional-dependencies", {})
    except (OSError, ValueError, KeyError):
        return None
    wanted = [f"{each}; extra == '{extra}'" for extra, names in extras.items() for each in names]
    return _Declared([*project.get("dependencies", []), *wanted], list(extras), "pyproject.toml of a checkout", ".[]")


def _expanded(distribution: str, extra: str, needed: dict[str, dict[str, list[str]]]) -> Iterator[str]:
    """Yield what an extra asks for; where that is another extra of the project, what that asks for."""
    for name, extras in needed.get(extra, {}).items():
        if name == distribution:
            for inner in extras:
                if inner != extra:
                    yield from _expanded(distribution, inner, needed)
        else:
            yield name


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except (metadata.PackageNotFoundError, OSError):
        return None
