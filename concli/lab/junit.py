"""The outcome of ``concli smoke`` as JUnit XML, for CI: a suite, a case for each command.

There is no standard; this is what Jenkins, GitLab and GitHub's actions read of it.
"""

import xml.etree.ElementTree as ET
from typing import Any

from concli.metrics import Report
from concli.terminal import visible

__all__ = ["junit"]


def junit(report: Report) -> bytes:
    """Return the report of a smoke run as a document in UTF-8."""
    rows: Any = report.result["commands"]
    counts = {
        "tests": len(rows),
        "failures": sum(row["outcome"] == "failed" for row in rows),
        "errors": 0,
        "skipped": sum(row["outcome"] not in {"ok", "failed"} for row in rows),
    }
    numbers = {name: str(number) for name, number in counts.items()}
    root = ET.Element("testsuites", {"name": "concli smoke", **numbers, "time": _seconds(report.elapsed_s)})
    about = {"timestamp": report.started.removesuffix("Z"), "time": _seconds(report.elapsed_s)}
    suite = ET.SubElement(root, "testsuite", {"name": "concli smoke", **numbers, **about})
    properties = ET.SubElement(suite, "properties")
    about_host = {"concli": report.version, "python": report.host.python, "platform": report.host.platform}
    about_host["gil"] = "on" if report.result["gil"] else "off"
    for name, value in about_host.items():
        ET.SubElement(properties, "property", {"name": name, "value": _safe(value)})
    for row in rows:
        _add_case(suite, row)
    ET.indent(root)
    document: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return document + b"\n"


def _add_case(suite: ET.Element, row: Any) -> None:
    about = {"classname": "concli.smoke", "name": _safe(row["command"]), "time": _seconds(row["seconds"])}
    case = ET.SubElement(suite, "testcase", about)
    failed = [check for check in row["checks"] if not check.passed]
    if row["outcome"] == "failed":
        failure = ET.SubElement(case, "failure", {"type": "check", "message": _safe(row["failure"] or "")})
        lines = [*row["calls"], "", *(f"{check.name}: {check.detail}" for check in failed), "", row["output"]]
        failure.text = _safe("\n".join(lines).rstrip())
    elif row["outcome"] != "ok":
        ET.SubElement(case, "skipped", {"message": _safe(row["failure"] or row["outcome"])})


def _seconds(seconds: float) -> str:
    return f"{seconds:.3f}"


def _safe(text: str) -> str:
    """Return ``text`` without the characters that XML has no way to write."""
    return visible(text).replace("\ufffe", "\\ufffe").replace("\uffff", "\\uffff")
