"""One call of a command in a smoke run: how it is started, and what is read from what came of it."""

import json
import os
import re
import signal
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple

from concli.lab._children import Ended
from concli.lab.smoke_cases import Call, Case
from concli.metrics import Check

__all__ = ["Judged", "environment", "judge", "this_concli"]

_GIL_ENABLED = re.compile(r"\(GIL\) has been enabled to load module '([^']+)'")  # the interpreter's own warning


class Judged(NamedTuple):
    """What a call tells: its checks, its items and the seconds they took, and of the GIL, None where it does not."""

    checks: list[Check]
    items: int | None
    items_s: float
    gil: bool | None
    gil_enabled_by: str | None


def judge(case: Case, options: str, ended: Ended, folder: str, timeout_s: float) -> Judged:
    """Judge a call by what it printed, and wrote to ``folder``."""
    document, problem = _answer(case, ended, folder)
    checks = list(_checks(case, Call(options, ended.stdout, folder, document), ended, problem, timeout_s))
    if len(case.calls) > 1:
        checks = [check._replace(name=f"{options}: {check.name}") for check in checks]
    items, items_s = None, 0.0
    if case.answer == "report" and document is not None:
        items = document["totals"].get(case.counted) if case.counted else document["result"].get("items")
        items_s = document["elapsed_s"]
    return Judged(checks, items, items_s, *_gil(document, ended.stderr))


def this_concli() -> list[str]:
    """Return the words that start this concli again, whether it is installed or run from a checkout."""
    path = [os.path.abspath(each) for each in sys.path]
    code = (
        "import faulthandler, signal, sys; faulthandler.enable(); faulthandler.register(signal.SIGUSR1); "
        f"sys.path[:] = {path!r}; from concli.cli import main; main()"
    )
    gil = sys._xoptions.get("gil")  # noqa: SLF001 - the documented way to read them
    return [sys.executable, *([] if gil is None else ["-X", f"gil={gil}"]), "-c", code]


def environment() -> dict[str, str]:
    """Return the environment without the settings of concli's options: a smoke test is the same everywhere."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("CONCLI_", "_CONCLI_"))}


def _answer(case: Case, ended: Ended, folder: str) -> tuple[Any, str]:
    """Return the document that a call made, and what is wrong with it."""
    if case.answer == "none":
        return None, ""
    try:
        if case.answer == "stdout":
            return json.loads(ended.stdout), ""
        with open(os.path.join(folder, "report.json"), encoding="utf-8") as file:
            report = json.load(file)
        if (report["schema"], report["command"]) != ("concli.report/1", case.command):
            return None, f"it is a {report['schema']} of {report['command']}"
    except (OSError, ValueError, LookupError, TypeError) as error:
        return None, f"{type(error).__name__}: {error}"
    return report, "" if report.get("checks") else "there is no check in it"


def _checks(case: Case, call: Call, ended: Ended, problem: str, timeout_s: float) -> Iterator[Check]:
    """Yield everything that must be true of a call; what tells most comes first."""
    detail = f"within {timeout_s:g} s"
    yield Check("it ends", not ended.timed_out, f"not {detail}, and was killed" if ended.timed_out else detail)
    if case.answer == "report" and call.document is not None:
        yield from (Check(check["name"], check["passed"], check["detail"]) for check in call.document["checks"])
    if not ended.timed_out:
        yield Check("it succeeds", ended.exit_code == 0, _ending(ended))
    if ended.exit_code == 0:
        thrown = "Traceback (most recent call last)" in ended.stderr
        detail = _last_line(ended.stderr) if thrown else "none"
        yield Check("no exception is left to the interpreter", not thrown, detail)
        if case.answer != "none":
            yield Check("its answer can be read", not problem, problem or "it can")
        if not problem:
            try:
                yield from case.judge(call)
            except (LookupError, TypeError, ValueError, OSError) as error:
                yield Check("its answer is as it should be", False, f"{type(error).__name__}: {error}")


def _ending(ended: Ended) -> str:
    code = ended.exit_code
    text = f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
    told = next((line for line in ended.stderr.splitlines() if line.startswith("concli: ")), _last_line(ended.stderr))
    return f"{text}: {told}" if code and told else text


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or [""])[-1]


def _gil(document: Any, stderr: str) -> tuple[bool | None, str | None]:
    """Return whether the GIL was on at the end, and what turned it on."""
    if (found := _GIL_ENABLED.search(stderr)) is not None:
        return True, found[1]
    if not isinstance(document, dict):
        return None, None
    interpreter: dict[str, Any] = document.get("interpreter", {})  # of `info`, which hides that warning and tells it
    where: dict[str, Any] = document.get("host", interpreter)
    return where.get("gil"), interpreter.get("gil_enabled_by")
