"""What comes of running a suite, and the table of that."""

import sys
import unittest
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from tests.conformance.suites import Suite


@dataclass(frozen=True)
class Outcome:
    """Of one suite: passed + left out + failed is the number of its tests."""

    passed: int = 0
    left_out: dict[str, str] = field(default_factory=dict)  # the test's name and why, in our words or CPython's
    failed: dict[str, str] = field(default_factory=dict)  # and how
    missing: str = ""  # the module that this interpreter's `test` package has not


def outcome_of(suite: Suite) -> Outcome:
    """Run the tests of a suite, in this process."""
    try:
        standard = getattr(_module(suite.module), suite.case)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != "test":
            raise
        return Outcome(missing=error.name)
    bases = (standard,) if issubclass(standard, unittest.TestCase) else (standard, unittest.TestCase)
    left_out = {test: unittest.skip(reason)(getattr(standard, test)) for test, reason in suite.left_out.items()}
    case: Any = type(suite.case, bases, {**suite.attributes, **left_out})
    tests = unittest.defaultTestLoader.loadTestsFromTestCase(case)
    count = tests.countTestCases()
    result = unittest.TestResult()
    tests.run(result)
    skipped = {_name(test): reason for test, reason in result.skipped}
    failed = {_name(test): how for test, how in result.errors + result.failures}
    failed.update((_name(test), "it was expected to fail") for test in result.unexpectedSuccesses)
    return Outcome(count - len(skipped | failed), skipped, failed)


def table(suites: Iterable[Suite], outcomes: Iterable[Outcome]) -> str:
    """Return the table, in Markdown, with the reasons for what was left out below it."""
    gil = "with the GIL" if getattr(sys, "_is_gil_enabled", lambda: True)() else "without the GIL"
    version = ".".join(map(str, sys.version_info[:3]))
    lines = [
        f"| suite, of CPython {version} {gil} | concli's class | tests | passed | left out | failed |",
        "|---|---|--:|--:|--:|--:|",
    ]
    reasons: dict[str, list[str]] = {}  # the tests left out for each
    for suite, outcome in zip(suites, outcomes, strict=True):
        figures: Sequence[object]
        if outcome.missing:
            figures = "----"
            reasons.setdefault("not in this interpreter's `test` package", []).append(f"`{suite.name}`")
        else:
            counts = outcome.passed, len(outcome.left_out), len(outcome.failed)
            figures = sum(counts), *counts
        ours = ", ".join(f"`{part}`" if part.isidentifier() else part for part in suite.ours.split(", "))
        lines.append(f"| `{suite.name}` | {ours} | {' | '.join(map(str, figures))} |")
        for test, reason in outcome.left_out.items():
            tests = reasons.setdefault(reason, [])
            if f"`{suite.case}.{test}`" not in tests:
                tests.append(f"`{suite.case}.{test}`")
    if reasons:
        lines += ["", "Left out:", "", *(f"- {', '.join(tests)}: {reason}" for reason, tests in reasons.items())]
    return "\n".join(lines) + "\n"


def _module(name: str) -> Any:
    try:
        return import_module(f"test.{name}")
    except ModuleNotFoundError:
        package, _, module = name.partition(".")
        if not module or hasattr(whole := import_module(f"test.{package}"), "__path__"):
            raise
        return whole  # it was one module before it was a package


def _name(test: Any) -> str:
    """Return the name of a test's method, also if a part of the test (``subTest``) is given."""
    return str(getattr(test, "test_case", test).id().rpartition(".")[2])
