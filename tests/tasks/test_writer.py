"""The thread that writes."""

import os
from pathlib import Path

import pytest

from concli.errors import OutputError
from concli.files import open_output
from concli.patterns import ShutDown
from concli.tasks.joblog import Joblog
from concli.tasks.writer import Writer


def test_what_was_put_is_written_in_order_to_both(tmp_path: Path) -> None:
    output = open_output(str(tmp_path / "out"))
    joblog = Joblog(str(tmp_path / "log"), {})
    writer = Writer(output, joblog)
    for number in range(100):
        writer.put(b"%d\n" % number, b"noted %d\n" % number)
    writer.put(b"last\n")
    writer.put(b"", b"last\n")
    writer.end()
    writer.write()
    output.commit()
    joblog.close()
    shown = (tmp_path / "out").read_bytes()
    assert shown == b"".join(b"%d\n" % number for number in range(100)) + b"last\n"
    assert writer.bytes_out == len(shown)
    assert (tmp_path / "log").read_bytes().splitlines()[1:][-2:] == [b"noted 99", b"last"]


def test_a_disk_that_is_full_ends_it() -> None:
    if not os.path.exists("/dev/full"):
        pytest.skip("there is no /dev/full here")
    output = open_output("/dev/full")
    writer = Writer(output, None)
    writer.put(b"a\n")
    with pytest.raises(OutputError):
        writer.write()
    writer.end()
    with pytest.raises(ShutDown):
        writer.put(b"b\n")
    output.abort()


def test_in_a_hurry_nobody_waits_for_room(tmp_path: Path) -> None:
    output = open_output(str(tmp_path / "out"))
    writer = Writer(output, None)
    writer.hurry()
    for _ in range(20):
        writer.put(b"x" * (1 << 20))  # nobody writes: without it this would wait for ever
    output.abort()
