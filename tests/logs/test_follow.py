"""Files that are written to, rotated, cut short, removed and made while they are followed."""

import codecs
import os
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import concli.logs.follow
import concli.logs.stream
from concli.errors import InputError
from concli.logs.chunk import Chunk
from concli.logs.formats.format import Format
from concli.logs.inputs import expand
from concli.logs.reader import Reader


class Following:
    """A reader that follows some files, in a thread of its own; what came is waited for."""

    def __init__(
        self, *paths: Path, choose: Callable[[str, bytes], Format] | None = None, keeps_rest: bool = False
    ) -> None:
        self.problems: list[InputError] = []
        self.text: dict[str, bytes] = {}
        self.chunks: list[Chunk] = []
        self._came = threading.Condition()
        inputs = [
            source._replace(keeps_rest=keeps_rest)
            for source in expand(map(str, paths), self.problems.append, follow=True)
        ]
        self.reader = Reader(inputs, self.problems.append, 1 << 20, choose=choose, follow=True)
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        for chunk in self.reader:
            with self._came:
                name = os.path.basename(chunk.name)
                own = chunk.buffer[: chunk.size - chunk.lacks_lf]
                self.text[name] = self.text.get(name, b"") + own
                self.chunks.append(chunk)
                self._came.notify_all()

    def wait_for(self, text: bytes, name: str = "log") -> None:
        with self._came:
            came = self._came.wait_for(lambda: self.text.get(name, b"") == text, 10)
        assert came, self.text

    def end(self) -> None:
        self.reader.cancel()
        self._thread.join(10)
        assert not self._thread.is_alive()
        self.reader.close()


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(concli.logs.follow, "_LOOK_EVERY_S", 0.005)
    monkeypatch.setattr(concli.logs.follow, "_GRACE_S", 0.02)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "log"
    path.write_bytes(b"one\n")
    return path


@pytest.fixture
def followed(log: Path) -> Iterator[Following]:
    following = Following(log)
    following.wait_for(b"one\n")
    yield following
    following.end()
    assert following.problems == []


def append(path: Path, data: bytes) -> None:
    with open(path, "ab", buffering=0) as file:
        file.write(data)


def test_what_is_written_comes_when_its_line_is_whole(followed: Following, log: Path) -> None:
    append(log, b"two\nthr")
    followed.wait_for(b"one\ntwo\n")
    append(log, b"ee\n")
    followed.wait_for(b"one\ntwo\nthree\n")


def test_a_rotated_file_is_read_to_its_end_before_the_new_one(followed: Following, log: Path) -> None:
    os.rename(log, log.with_suffix(".1"))
    append(log.with_suffix(".1"), b"late")
    followed.wait_for(b"one\n")
    log.write_bytes(b"new\n")
    followed.wait_for(b"one\nlatenew\n")
    append(log, b"newer\n")
    followed.wait_for(b"one\nlatenew\nnewer\n")
    places = [(chunk.offset, chunk.first_line, chunk.lacks_lf) for chunk in followed.chunks]
    assert places == [(0, 1, False), (4, 2, True), (0, 1, False), (4, 2, False)]
    identities = [chunk.source.identity for chunk in followed.chunks if chunk.source]
    assert identities[0] == identities[1] != identities[2] == identities[3]


def test_a_file_that_is_cut_short_is_read_from_its_beginning(followed: Following, log: Path) -> None:
    append(log, b"two\n")
    followed.wait_for(b"one\ntwo\n")
    os.truncate(log, 0)
    append(log, b"3\n")
    followed.wait_for(b"one\ntwo\n3\n")
    assert followed.chunks[-1].offset == 0


def test_a_file_that_is_removed_and_made_again_is_gone_on_with(followed: Following, log: Path) -> None:
    log.unlink()
    append(log.with_name("other"), b"again\n")
    os.rename(log.with_name("other"), log)
    followed.wait_for(b"one\nagain\n")


def test_a_file_may_appear_later(tmp_path: Path) -> None:
    following = Following(tmp_path / "log", tmp_path / "never")
    append(tmp_path / "log", b"")
    append(tmp_path / "log", b"here\n")
    following.wait_for(b"here\n")
    following.end()
    assert following.problems == []


def test_several_files_come_at_once_each_in_its_order(tmp_path: Path) -> None:
    names = ["log", "b", "c"]
    following = Following(*[tmp_path / name for name in names])
    for number in range(20):
        for name in names:
            append(tmp_path / name, b"%d\n" % number)
    for name in names:
        following.wait_for(b"".join(b"%d\n" % number for number in range(20)), name)
    following.end()
    assert [chunk.number for chunk in following.chunks] == list(range(len(following.chunks)))


def test_when_it_is_cancelled_what_was_held_back_is_handed_on(log: Path) -> None:
    append(log, b"two")
    following = Following(log)
    following.wait_for(b"one\n")
    following.end()
    assert following.text["log"] == b"one\ntwo"
    assert following.reader.whole == 1


def test_what_is_to_be_kept_for_another_run_is_not(log: Path) -> None:
    append(log, b"two")
    following = Following(log, keeps_rest=True)
    following.wait_for(b"one\n")
    following.end()
    assert following.text["log"] == b"one\n"


def test_of_a_rotated_file_nothing_is_kept_for_another_run(log: Path) -> None:
    append(log, b"two")
    following = Following(log, keeps_rest=True)
    following.wait_for(b"one\n")
    os.rename(log, log.with_suffix(".1"))
    log.write_bytes(b"new\n")
    following.wait_for(b"one\ntwonew\n")
    following.end()


def test_the_last_entry_is_held_back_until_the_next_or_for_a_while(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    a_format = Format("", "", b"", re.compile(rb"\d"), lambda _: pytest.fail("nothing is scanned"))
    monkeypatch.setattr(concli.logs.stream, "HOLD_S", 1000.0)
    log.write_bytes(b"1 one\n more\n2 two\n")
    following = Following(log, choose=lambda _name, _head: a_format)
    following.wait_for(b"1 one\n more\n")
    append(log, b" more\n3 three\n")
    following.wait_for(b"1 one\n more\n2 two\n more\n")
    monkeypatch.setattr(concli.logs.stream, "HOLD_S", 0.01)
    following.wait_for(b"1 one\n more\n2 two\n more\n3 three\n")
    following.end()


def test_a_pipe_just_goes_on_to_its_end_and_then_there_is_nothing_to_follow(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "log")
    following = Following(tmp_path / "log")
    writer = os.open(tmp_path / "log", os.O_WRONLY)
    os.write(writer, b"one\ntw")
    following.wait_for(b"one\n")
    os.write(writer, b"o\nthree")
    os.close(writer)
    following.wait_for(b"one\ntwo\nthree")
    following._thread.join(10)
    assert not following._thread.is_alive()
    following.end()


def test_text_in_another_encoding_is_followed_too(tmp_path: Path) -> None:
    following = Following(tmp_path / "log")
    append(tmp_path / "log", codecs.BOM_UTF16_LE + "ä\n".encode("utf-16-le"))
    following.wait_for("ä\n".encode())
    append(tmp_path / "log", "ö\n".encode("utf-16-le"))
    following.wait_for("ä\nö\n".encode())
    following.end()


def test_what_can_not_be_read_is_told_once_and_the_others_are_followed(tmp_path: Path, log: Path) -> None:
    (tmp_path / "zstd").write_bytes(bytes.fromhex("28b52ffd") + bytes([0xFF]) * 20)
    following = Following(tmp_path / "zstd", log)
    following.wait_for(b"one\n")
    append(log, b"two\n")
    following.wait_for(b"one\ntwo\n")
    following.end()
    assert [problem.path for problem in following.problems] == [str(tmp_path / "zstd")]


def test_a_line_that_is_too_long_is_waited_for(followed: Following, log: Path) -> None:
    append(log, b"x" * (5 << 20))
    append(log, b"x\nnext\n")
    with followed._came:
        assert followed._came.wait_for(lambda: followed.text["log"].endswith(b"next\n"), 10)
    assert [chunk.full_length for chunk in followed.chunks] == [0, (5 << 20) + 1, 0]


def test_one_file_is_looked_at_a_few_times_a_second_and_no_more(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(concli.logs.follow, "_LOOK_EVERY_S", 1000.0)
    looks = 0
    look = concli.logs.follow.Tail._has_new

    def count(tail: concli.logs.follow.Tail) -> bool:
        nonlocal looks
        looks += 1
        return look(tail)

    monkeypatch.setattr(concli.logs.follow.Tail, "_has_new", count)
    following = Following(log)
    following.wait_for(b"one\n")
    following.end()
    assert looks < 20
