"""The JUnit document parses, counts right, and holds what failed."""

import xml.etree.ElementTree as ET

from hypothesis import given, settings
from hypothesis import strategies as st

from concli.lab.junit import junit
from concli.lab.smoke import Row
from concli.metrics import Check, Report, Run


def report(*rows: Row) -> Report:
    run = Run("smoke", {})
    run.result = lambda: {"commands": [row.plain() for row in rows], "gil": True}
    run.end()
    return run.snapshot()


OK = Row("rwlock", "ok", 0.25, ("concli rwlock",), (Check("it succeeds", True, "exit code 0"),))
FAILED = Row(
    "logs process",
    "failed",
    1.5,
    ("concli logs process",),
    (Check("it ends", True, "yes"), Check("a law", False, "1 < 2 & 3"), Check("another", False, "0")),
    output="concli: what was said",
)
SKIPPED = Row("verify", "skipped")


def test_a_command_is_a_case_and_the_counts_are_right() -> None:
    root = ET.fromstring(junit(report(OK, FAILED, SKIPPED)))
    suite = root.find("testsuite")
    assert suite is not None
    for element in (root, suite):
        counts = [element.get(name) for name in ("tests", "failures", "errors", "skipped")]
        assert counts == ["3", "1", "0", "1"]
    cases = suite.findall("testcase")
    assert [(case.get("name"), case.get("time")) for case in cases] == [
        ("rwlock", "0.250"),
        ("logs process", "1.500"),
        ("verify", "0.000"),
    ]
    assert [[child.tag for child in case] for case in cases] == [[], ["failure"], ["skipped"]]


def test_a_failure_holds_the_checks_that_failed_the_call_and_what_it_said() -> None:
    failure = ET.fromstring(junit(report(FAILED))).find(".//failure")
    assert failure is not None
    assert failure.get("message") == "a law: 1 < 2 & 3"
    for words in ("concli logs process", "a law: 1 < 2 & 3", "another: 0", "concli: what was said"):
        assert words in (failure.text or "")
    assert "it ends" not in (failure.text or "")


@settings(deadline=None)
@given(st.text(st.characters()))
def test_it_parses_whatever_a_command_has_said(text: str) -> None:
    row = FAILED._replace(output=text, checks=(Check(text, False, text),))
    failure = ET.fromstring(junit(report(row))).find(".//failure")
    assert failure is not None
