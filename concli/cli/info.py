"""``concli info``: what there is here, for a person, a script and a bug report."""

import json
import os
import shutil
import sys
from collections.abc import Iterator
from typing import Any

import click

from concli.cli._output import is_terminal, put
from concli.cli.options import document_options
from concli.terminal import visible

__all__ = ["info"]

_BUG_REPORT = """\
For a bug report, give
  - what `concli info` prints (or --json)
  - the command as you typed it, and what it printed with -v
  - its report (--report FILE) and, if it was about timing, its trace (--trace FILE)
  - what you expected instead; for something random, the --seed"""


@click.command()
@document_options
def info(*, as_json: bool) -> int:
    r"""Tell what there is here: interpreter, GIL, CPUs, memory, BLAS, packages, terminal.

    What can't be found out is "unknown". It names the extras that are not installed, with the line that
    installs each, and ends with what to put into a bug report.

    \b
    Examples:
      concli info
      concli info --json | jq .interpreter.gil
    """
    from concli.lab.info import info as gather  # noqa: PLC0415 - help must not wait for it

    facts = gather()
    facts["terminal"] = _terminal()
    if as_json:
        put(json.dumps(facts, indent=2))
    else:
        put(visible("\n".join([*_lines(facts), "", _BUG_REPORT])))
    return 0


def _terminal() -> dict[str, Any]:
    """Describe where this command writes, and what the tables are drawn with."""
    from rich.console import Console  # noqa: PLC0415 - as above

    size = shutil.get_terminal_size()
    return {
        "stdin_is_terminal": is_terminal(sys.stdin),
        "stdout_is_terminal": is_terminal(sys.stdout),
        "stderr_is_terminal": is_terminal(sys.stderr),
        "columns": size.columns,
        "lines": size.lines,
        "colours": Console(stderr=True).color_system,
        "encoding": getattr(sys.stdout, "encoding", None),
        "term": os.environ.get("TERM"),
        "no_color": bool(os.environ.get("NO_COLOR")),
    }


def _lines(facts: dict[str, Any]) -> Iterator[str]:
    """Yield what the document says, as text."""
    for name, value in _rows(facts):
        yield f"{name:<12}  {value}" if value else name


def _rows(facts: dict[str, Any]) -> Iterator[tuple[str, str]]:
    python, machine = facts["interpreter"], facts["platform"]
    yield "concli", facts["version"]
    yield "python", f"{python['implementation']} {python['version']} ({python['build']}; {python['compiler']})"
    yield "", f"{python['executable'] or 'unknown'}"
    yield "GIL", _gil(python)
    yield "platform", f"{_or_unknown(machine['system'])}, {_or_unknown(machine['machine'])}"
    yield from _resources(facts["cpus"], facts["memory"])
    yield "BLAS", _blas(facts["blas"])
    if facts["blas"]["simd"]:
        yield "numpy's SIMD", " ".join(facts["blas"]["simd"])
    packages = [f"{name} {version or 'MISSING'}" for name, version in facts["dependencies"].items()]
    yield "needs", ", ".join(packages) or "unknown: neither an installed package nor a checkout"
    for extra in facts["extras"]:
        yield (
            f"[{extra['name']}]",
            ", ".join(f"{name} {version}" for name, version in extra["installed"].items()) or "-",
        )
        if extra["missing"]:
            yield "", f"missing: {', '.join(extra['missing'])}; {extra['install']}"
    yield "terminal", _streams(facts["terminal"])
    for number, (name, value) in enumerate(facts["environment"].items()):
        yield "" if number else "environment", f"{name}={value}"


def _gil(python: dict[str, Any]) -> str:
    if not python["free_threaded"]:
        return "on; this build can't do without"
    if not python["gil"]:
        return "off: a free-threaded build"
    return f"ON, though this build can do without; because of: {python['gil_enabled_by'] or 'unknown'}"


def _resources(cpus: dict[str, Any], memory: dict[str, Any]) -> Iterator[tuple[str, str]]:
    quota = f"quota {cpus['quota']:g} by {cpus['quota_from']}" if cpus["quota"] is not None else "no cgroup quota"
    affinity = f"affinity {_or_unknown(cpus['affinity'])} of {_or_unknown(cpus['machine'])}"
    yield "CPUs", f"{_or_unknown(cpus['usable'])} usable: {affinity}, {quota}; {_or_unknown(cpus['model'])}"
    limit = "no cgroup limit"
    if memory["limit_bytes"] is not None:
        limit = f"limit {_size(memory['limit_bytes'])} by {memory['limit_from']}"
    yield "memory", f"{_size(memory['total_bytes'])}, {_size(memory['available_bytes'])} available, {limit}"
    space = memory["address_space_limit_bytes"]
    files, threads = memory["open_files_limit"] or "none", memory["threads_limit"] or "none"
    yield "limits", f"address space {'none' if space is None else _size(space)}, open files {files}, threads {threads}"


def _blas(blas: dict[str, Any]) -> str:
    if blas["numpy"] is None:
        return "unknown: numpy can't be imported"
    if blas["name"] == "none":
        return "none: numpy multiplies matrices by loops of its own, in one thread"
    name = f"{_or_unknown(blas['name'])} {blas['version'] or ''}".strip()
    better = f"; {blas['better']} would be faster, concli matmul starts with it" if blas["better"] else ""
    return f"{name}, kernel {_or_unknown(blas['kernel'])}, threads {_or_unknown(blas['threads'])}{better}"


def _streams(terminal: dict[str, Any]) -> str:
    streams = [name for name in ("stdin", "stdout", "stderr") if terminal[f"{name}_is_terminal"]]
    return (
        f"{', '.join(streams) or 'no stream'} is one, {terminal['columns']}x{terminal['lines']}, "
        f"colours {terminal['colours'] or 'none'}, {_or_unknown(terminal['encoding'])}, "
        f"TERM={terminal['term'] or ''}{', NO_COLOR' if terminal['no_color'] else ''}"
    )


def _size(size: int | None) -> str:
    return "unknown" if size is None else f"{size / (1 << 30):.1f} GiB" if size >= 1 << 30 else f"{size >> 20} MiB"


def _or_unknown(value: object) -> str:
    return "unknown" if value is None else str(value)
