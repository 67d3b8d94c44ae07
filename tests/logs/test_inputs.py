import os
from pathlib import Path

import pytest

from concli.errors import InputError
from concli.logs.inputs import Input, InputFile, expand


def test_a_directory_gives_its_regular_files_in_name_order_and_follows_no_links(tmp_path: Path) -> None:
    for name in ("b", "a", "c"):
        (tmp_path / name).write_bytes(b"x" * 3)
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "a")
    os.mkfifo(tmp_path / "pipe")
    problems: list[InputError] = []
    assert [(Path(i.name).name, i.size) for i in expand([str(tmp_path)], problems.append)] == [
        ("a", 3),
        ("b", 3),
        ("c", 3),
    ]
    assert problems == []


def test_what_can_not_be_used_is_reported_and_passed_over(tmp_path: Path) -> None:
    (tmp_path / "there").touch()
    problems: list[InputError] = []
    inputs = expand([str(tmp_path / "gone"), str(tmp_path / "there")], problems.append)
    assert [i.path for i in inputs] == [str(tmp_path / "there")]
    assert [str(p) for p in problems] == [f"{tmp_path / 'gone'}: no such file or directory"]


@pytest.fixture
def pipe(tmp_path: Path) -> Input:
    os.mkfifo(tmp_path / "pipe")
    return next(expand([str(tmp_path / "pipe")], print))


def test_reading_from_a_pipe_nobody_writes_to_can_be_cancelled(pipe: Input) -> None:
    cancelled, cancel = os.pipe()
    file = InputFile(pipe, cancelled)
    os.write(cancel, b"x")
    assert file.readinto(memoryview(bytearray(10))) == 0
    file.close()
    os.close(cancelled)
    os.close(cancel)


def test_a_pipe_has_more_only_when_somebody_has_written(pipe: Input) -> None:
    cancelled, cancel = os.pipe()
    file = InputFile(pipe, cancelled)
    assert pipe.path
    with open(pipe.path, "wb", buffering=0) as writer:
        assert not file.has_more()
        writer.write(b"abc")
        assert file.has_more()
        data = bytearray(10)
        assert file.readinto(memoryview(data)) == 3
        assert not file.has_more()
    file.close()
    os.close(cancelled)
    os.close(cancel)
