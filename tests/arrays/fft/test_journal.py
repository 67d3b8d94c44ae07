"""The journal."""

from pathlib import Path

import pytest

from concli.arrays.fft.journal import Journal
from concli.errors import OutputError

RUN = {"--op": ["fft2", 0.0], "--shape": (2, 3)}


def written(tmp_path: Path) -> Path:
    journal = Journal(str(tmp_path / "j"), "out.npy")
    journal.begin(RUN, [(0, "aa")])
    journal.add([(3, "bb"), (1, "cc")])
    journal.close()
    return tmp_path / "j"


def test_what_was_noted_is_read_again(tmp_path: Path) -> None:
    path = written(tmp_path)
    assert Journal(str(path), "out.npy").read(RUN) == {0: "aa", 3: "bb", 1: "cc"}


def test_a_torn_line_is_passed_over_and_of_a_torn_first_line_nothing_is_left(tmp_path: Path) -> None:
    path = written(tmp_path)
    data = path.read_bytes()
    for length in range(len(data)):
        path.write_bytes(data[:length])
        noted = Journal(str(path), "out.npy").read(RUN)
        assert noted.items() <= {0: "aa", 3: "bb", 1: "cc"}.items()
        assert len(noted) == max(0, data[:length].count(b"\n") - 1)


def test_another_run_is_told_by_what_differs(tmp_path: Path) -> None:
    path = written(tmp_path)
    with pytest.raises(OutputError, match="another --shape;"):
        Journal(str(path), "out.npy").read(RUN | {"--shape": (3, 2)})


def test_there_may_be_none(tmp_path: Path) -> None:
    journal = Journal(str(tmp_path / "j"), "out.npy")
    assert journal.read(RUN) == {}
    journal.remove()
    with pytest.raises(OutputError):
        Journal(str(tmp_path / "missing" / "j"), "out.npy").begin(RUN)
