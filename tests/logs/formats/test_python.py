"""What Python's logging writes by itself."""

import io
import logging

from concli.logs.formats.python import PYTHON
from tests.logs.formats.scanning import Entry, read


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
