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


def names(folder: Path, *arguments: str, follow: bool = False) -> tuple[list[str], list[str]]:
    """Return the paths that arguments give, seen from a folder, and what was reported."""
    problems: list[InputError] = []
    inputs = expand([str(folder / argument) for argument in arguments], problems.append, follow=follow)
    return [os.path.relpath(source.path or "-", folder) for source in inputs], [p.problem for p in problems]


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    for name in ("b.log", "a.log", "[x].log", "text", "deep/c.log", "deep/er/d.log"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def test_a_pattern_gives_what_matches_it_in_order(logs: Path) -> None:
    assert names(logs, "*.log") == (["[x].log", "a.log", "b.log"], [])
    assert names(logs, "?.log", "tex[st]") == (["a.log", "b.log", "text"], [])
    assert names(logs, "deep*") == (["deep/c.log"], [])


def test_two_stars_give_files_in_folders_of_any_depth_once(logs: Path) -> None:
    assert names(logs, "**/[cd].log") == (["deep/c.log", "deep/er/d.log"], [])
    assert names(logs, "deep/**") == (["deep/c.log", "deep/er/d.log"], [])


def test_a_name_that_looks_like_a_pattern_is_a_name_if_there_is_such_a_file(logs: Path) -> None:
    assert names(logs, "[x].log") == (["[x].log"], [])


def test_a_pattern_that_nothing_matches_is_reported(logs: Path) -> None:
    assert names(logs, "*.gz", "a.log") == (["a.log"], ["no file matches this pattern"])
    assert names(logs, "*.gz", follow=True) == ([], ["no file matches this pattern"])
    assert names(logs, "[abc") == ([], ["no such file or directory"])
    assert names(logs, "[ac].gz") == ([], ["no such file or directory"])


def test_a_link_that_leads_nowhere_is_reported_among_what_matches(logs: Path) -> None:
    (logs / "0.log").symlink_to(logs / "gone")
    assert names(logs, "?.log") == (["a.log", "b.log"], ["no such file or directory"])


def test_to_follow_a_file_it_need_not_be_there(logs: Path) -> None:
    assert names(logs, "later.log", follow=True) == (["later.log"], [])
    assert names(logs, "text/x", follow=True)[1] == ["not a directory"]


@pytest.mark.parametrize("is_pipe", [False, True])
def test_looking_at_what_comes_and_leaving_out_some_of_it(tmp_path: Path, is_pipe: bool) -> None:
    path = tmp_path / "log"
    if is_pipe:
        os.mkfifo(path)
    else:
        path.write_bytes(b"0123456789")
    cancelled, cancel = os.pipe()
    file = InputFile(Input("", str(path), None, None), cancelled)
    if is_pipe:
        with open(path, "wb") as writer:
            writer.write(b"0123456789")
    data = bytearray(4)
    assert file.peek(3)[:3] == b"012"
    file.skip(2)
    assert file.readinto(memoryview(data)) == 4
    assert data == b"2345"
    assert file.peek(9) == b"6789"
    file.skip(9)
    assert file.peek(1) == b""
    assert file.readinto(memoryview(data)) == 0
    file.close()
    os.close(cancelled)
    os.close(cancel)
