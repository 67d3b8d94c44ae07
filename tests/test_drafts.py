"""A draft becomes the file it is for, or leaves no trace."""

from pathlib import Path

import pytest

from concli.drafts import Draft
from concli.errors import OutputError


def test_it_takes_the_place_and_the_mode_of_what_was_there(tmp_path: Path) -> None:
    place = tmp_path / "out"
    place.write_bytes(b"old")
    place.chmod(0o640)
    draft = Draft(str(place))
    Path(draft.path).write_bytes(b"new")
    assert place.read_bytes() == b"old"
    draft.commit()
    assert (place.read_bytes(), place.stat().st_mode & 0o777) == (b"new", 0o640)
    assert list(tmp_path.iterdir()) == [place]


def test_nothing_is_left_of_one_that_is_aborted(tmp_path: Path) -> None:
    Draft(str(tmp_path / "out")).abort()
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_is_told_at_once(tmp_path: Path) -> None:
    for place in (tmp_path / "none" / "out", tmp_path):
        with pytest.raises(OutputError):
            Draft(str(place))


def test_a_place_that_is_lost_meanwhile_is_an_error_without_a_trace(tmp_path: Path) -> None:
    draft = Draft(str(tmp_path / "out"))
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "in the way").touch()
    with pytest.raises(OutputError, match="out: "):
        draft.commit()
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
