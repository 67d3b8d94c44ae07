"""What Python's logging writes by itself."""

import io
import logging

import pytest

from concli.logs.formats.python import _GRAMMAR, PYTHON
from tests.logs.formats.scanning import Entry, read
from tests.logs.formats.vector import check_equals_expression, check_needs_no_expression

SAMPLES = [b"WARNING:root:disk is nearly full", b"CRITICAL:a.b:", b"INFO:x:y:z", b"Level 25:" + b"a" * 90 + b":b"]


def test_it_equals_its_expression() -> None:
    check_equals_expression(_GRAMMAR.format("python", "", PYTHON.example), SAMPLES)


def test_usual_lines_are_settled_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    check_needs_no_expression(PYTHON, SAMPLES, monkeypatch)


def test_it_reads_what_logging_writes() -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter(logging.BASIC_FORMAT))
    logger = logging.Logger("a.b")  # noqa: LOG001 - it is this test's alone
    logger.addHandler(handler)
    logger.warning("disk: %d%%\nfull", 99)
    logger.log(25, "x")
    try:
        raise ValueError("y")
    except ValueError:
        logger.exception("failed")
    first, second, third = read(PYTHON, stream.getvalue().encode())
    assert first == Entry(None, b"WARNING", b"disk: 99%\nfull", {"logger": "a.b"})
    assert second == Entry(None, b"Level 25", b"x", {"logger": "a.b"})
    assert (third.message or b"").startswith(b"failed\nTraceback")
