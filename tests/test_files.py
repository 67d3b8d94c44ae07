"""Output that appears whole or not at all, and output that flows; with disks and readers that fail."""

import contextlib
import errno
import os
import select
import stat
import subprocess
import sys
import threading
import tty
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from concli.errors import OutputClosed, OutputError
from concli.files import AppendedFile, Buffer, Output, open_output, write_whole

ROOT = Path(__file__).parent.parent
PATIENCE_S = 20

not_as_root = pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")


@pytest.fixture(autouse=True)
def no_descriptor_is_left_open() -> Iterator[None]:
    before = os.listdir("/dev/fd")
    yield
    assert os.listdir("/dev/fd") == before


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A file that has been there before."""
    path = tmp_path / "out"
    path.write_bytes(b"old")
    return path


@pytest.fixture
def pipe(tmp_path: Path) -> Iterator[tuple[str, int]]:
    """A named pipe, and the descriptor of its reader."""
    path = str(tmp_path / "pipe")
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    os.set_blocking(reader, True)
    yield path, reader
    with contextlib.suppress(OSError):  # a test may have closed it
        os.close(reader)


def failing(number: int) -> Callable[..., object]:
    def fail(*_: object) -> object:
        raise OSError(number, os.strerror(number))

    return fail


def only(place: Path, content: bytes) -> bool:
    """Return whether a place holds this and there is nothing beside it, no draft above all."""
    return os.listdir(place.parent) == [place.name] and place.read_bytes() == content


# A file, and what its folder and its name may be.


@pytest.mark.parametrize("end", ["commit", "abort"])
def test_a_file_is_as_it_was_until_it_is_committed(place: Path, end: str) -> None:
    output = open_output(str(place))
    assert output.write([b"ne", b"w"]) == 3
    assert place.read_bytes() == b"old"
    getattr(output, end)()
    assert only(place, b"new" if end == "commit" else b"old")


def test_a_file_that_was_not_there_is_not_there_after_an_abort(tmp_path: Path) -> None:
    output = open_output(str(tmp_path / "new"))
    output.write([b"x"])
    output.abort()
    assert os.listdir(tmp_path) == []


def test_a_draft_tells_its_own_status_and_that_all_in_it_is_new(place: Path) -> None:
    output = open_output(str(place))
    output.write([b"12345"])
    assert output.stat().st_size == 5
    assert output.is_new
    output.abort()


def test_many_pieces_of_every_kind_and_empty_ones_are_written_in_order(place: Path) -> None:
    pieces: list[Buffer] = [b"a", bytearray(b"bc"), b"", memoryview(b"def")] * os.sysconf("SC_IOV_MAX")
    output = open_output(str(place))
    assert output.write(pieces) == len(b"".join(pieces))
    assert output.write([]) == output.write([b"", b""]) == 0
    output.commit()
    assert only(place, b"".join(pieces))


def test_what_the_system_writes_in_parts_arrives_whole(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr(os, "writev", lambda fd, pieces: write(fd, b"".join(pieces)[:3]))
    monkeypatch.setattr(os, "write", lambda fd, rest: write(fd, rest[:2]))
    output = open_output(str(place))
    assert output.write([b"01234", b"56789"]) == 10
    output.commit()
    assert only(place, b"0123456789")


def test_a_missing_folder_is_named_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=f"there is no directory {tmp_path}/missing; create it first"):
        open_output(str(tmp_path / "missing" / "out"))


def test_a_file_where_a_folder_should_be_is_no_folder(place: Path) -> None:
    with pytest.raises(OutputError, match="there is no directory"):
        open_output(str(place / "out"))
    assert only(place, b"old")


def test_a_directory_is_no_output(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="is a directory"):
        open_output(str(tmp_path))


@pytest.mark.parametrize("name", ["", "new/", "out/"])
def test_a_path_without_a_name_at_its_end_is_refused_at_once(
    place: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(place.parent)
    with pytest.raises(OutputError, match="this names no file"):
        open_output(name)
    assert only(place, b"old")


@pytest.mark.parametrize("name", ["x" * 255, "я" * 127, "日" * 85, os.fsdecode(b"\xff" * 255)])
def test_every_name_the_file_system_takes_will_do(tmp_path: Path, name: str) -> None:
    write_whole(str(tmp_path / name), b"new")
    assert only(tmp_path / name, b"new")


@not_as_root
def test_a_file_that_is_read_only_is_not_replaced(place: Path) -> None:
    place.chmod(0o444)
    with pytest.raises(OutputError, match="permission denied"):
        open_output(str(place))
    assert only(place, b"old")


@not_as_root
def test_a_folder_that_is_read_only_takes_no_file(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    with pytest.raises(OutputError, match="permission denied"):
        open_output(str(tmp_path / "out"))
    tmp_path.chmod(0o755)


def test_the_target_of_a_link_is_replaced_and_the_link_stays(
    place: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    link = tmp_path_factory.mktemp("elsewhere") / "link"
    link.symlink_to(place)
    write_whole(str(link), b"new")
    assert link.is_symlink()
    assert only(place, b"new")


def test_a_link_to_nothing_yet_makes_its_target(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to("target")
    write_whole(str(link), b"new")
    assert link.is_symlink()
    assert (tmp_path / "target").read_bytes() == b"new"


def test_a_link_into_a_missing_folder_names_that_folder(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "missing" / "target")
    with pytest.raises(OutputError, match=f"there is no directory {tmp_path}/missing;"):
        open_output(str(link))


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o755])
def test_a_file_keeps_its_mode_bits(place: Path, mode: int) -> None:
    place.chmod(mode)
    write_whole(str(place), b"new")
    assert stat.S_IMODE(place.stat().st_mode) == mode


@pytest.mark.parametrize("umask", [0o022, 0o077])
def test_a_new_file_has_the_mode_bits_that_the_umask_leaves(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        write_whole(str(tmp_path / "new"), b"x")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o666 & ~umask


# A file that cannot be finished.


def test_a_full_disk_leaves_what_stood_there(place: Path) -> None:
    code = f"""if 1:
        import resource, signal
        from concli.errors import OutputError
        from concli.files import write_whole
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
        try:
            write_whole({str(place)!r}, b"x" * 101)
        except OutputError as error:
            print(error)
    """
    assert run_python(code) == f"{place}: file too large\n"
    assert only(place, b"old")


@pytest.mark.parametrize("step", ["fsync", "close", "replace"])
def test_a_file_that_cannot_be_put_in_its_place_leaves_what_stood_there(
    place: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    real = getattr(os, step)

    def fail(*args: object) -> None:
        if step == "close":
            real(*args)  # a close that fails has closed
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    output = open_output(str(place))
    output.write([b"new"])
    monkeypatch.setattr(os, step, fail)
    with pytest.raises(OutputError, match="input/output error"):
        output.commit()
    assert only(place, b"old")


def test_a_directory_that_has_taken_the_place_meanwhile_stays(tmp_path: Path) -> None:
    output = open_output(str(tmp_path / "out"))
    (tmp_path / "out").mkdir()
    with pytest.raises(OutputError, match="is a directory"):
        output.commit()
    assert os.listdir(tmp_path) == ["out"]


@pytest.mark.parametrize("step", ["writev", "fsync", "replace"])
def test_an_interrupt_leaves_what_stood_there(place: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, step, interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_whole(str(place), b"new")
    assert only(place, b"old")


def test_a_file_system_that_cannot_sync_a_folder_is_none_the_worse(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync = os.fsync
    monkeypatch.setattr(os, "fsync", lambda fd: sync(fd) if stat.S_ISREG(os.fstat(fd).st_mode) else failing(22)())
    write_whole(str(place), b"new")
    assert only(place, b"new")


# Pipes, devices, terminals and standard output.


@pytest.mark.parametrize("end", ["commit", "abort"])
def test_an_output_that_has_ended_touches_no_file_opened_since(pipe: tuple[str, int], place: Path, end: str) -> None:
    outputs = [open_output(pipe[0]), open_output(str(place))]
    for output in outputs:
        getattr(output, end)()
    since = [os.pipe() for _ in range(3)]  # these get the numbers that have become free
    for output in outputs:
        output.cancel()
        output.abort()
    watch = select.poll()
    for reader, _ in since:
        watch.register(reader)
    assert watch.poll(0) == []
    for fd in sum(since, ()):
        os.close(fd)


def test_more_than_a_pipe_holds_flows_to_its_reader_whole(pipe: tuple[str, int]) -> None:
    pieces = [bytes([number % 256]) * 100 for number in range(2000)]
    output = open_output(pipe[0])
    assert not output.is_new
    received: list[bytes] = []

    def read() -> None:
        while data := os.read(pipe[1], 1 << 16):
            received.append(data)

    reader = threading.Thread(target=read)
    reader.start()
    assert output.write(pieces) == 200_000
    output.commit()
    reader.join()
    assert b"".join(received) == b"".join(pieces)


def test_a_reader_that_has_gone_is_told_from_a_failure(pipe: tuple[str, int]) -> None:
    output = open_output(pipe[0])
    os.close(pipe[1])
    with pytest.raises(OutputClosed, match="closed by its reader"):
        output.write([b"x"])
    output.abort()


def test_a_write_that_waits_on_a_full_pipe_ends_when_another_thread_cancels_it(
    pipe: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = threading.Event()
    real_poll = select.poll

    class Poll:
        """Tells when a wait is about to begin."""

        def __init__(self) -> None:
            self._poll = real_poll()
            self.register = self._poll.register

        def poll(self) -> list[tuple[int, int]]:
            if not (ready := self._poll.poll(0)):
                waiting.set()
                ready = self._poll.poll()
            return ready

    monkeypatch.setattr(select, "poll", Poll)
    output = open_output(pipe[0])
    written: list[int] = []
    writer = threading.Thread(target=lambda: written.append(output.write([b"x" * 1_000_000])))
    writer.start()
    assert waiting.wait(PATIENCE_S)
    output.cancel()
    writer.join(PATIENCE_S)
    output.abort()
    assert written == [len(os.read(pipe[1], 1_000_000))]


def test_a_full_device_is_told_in_the_system_s_words() -> None:
    output = open_output("/dev/full")
    with pytest.raises(OutputError, match=r"^/dev/full: no space left on device$"):
        output.write([b"x"])
    output.abort()


def test_the_null_device_takes_everything_and_stays_a_device() -> None:
    output = open_output("/dev/null")
    assert output.write([b"x"] * 5000) == 5000
    assert not output.is_new
    output.commit()
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


def test_a_terminal_is_shown_control_characters_as_escapes() -> None:
    screen, terminal = os.openpty()
    tty.setraw(terminal)
    output = open_output(os.ttyname(terminal))
    assert output.write([b"\x1b[2J", "größe\t\xff\n".encode("latin-1"), "日\u202e".encode()]) == 18
    output.commit()
    shown = os.read(screen, 1000)
    os.close(terminal)
    os.close(screen)
    assert shown.decode() == "\\x1b[2Jgr\\xf6\\xdfe\t\\xff\n日\\u202e"


@pytest.mark.parametrize("path", [None, "-"])
def test_standard_output_is_written_to_and_left_open(capfd: pytest.CaptureFixture[str], path: str | None) -> None:
    output: Output = open_output(path)
    output.write([b"to ", b"you"])
    output.commit()
    os.write(1, b" and others")
    assert output.name == "standard output"
    assert capfd.readouterr().out == "to you and others"


def test_a_standard_output_that_is_closed_is_an_output_that_cannot_be_used() -> None:
    code = """if 1:
        import os, sys
        from concli.errors import OutputError
        from concli.files import open_output
        os.close(1)
        try:
            open_output(None)
        except OutputError as error:
            print(error, file=sys.stderr)
            os._exit(0)
    """
    assert run_python(code, "stderr") == "standard output: bad file descriptor\n"


def run_python(code: str, stream: str = "stdout") -> str:
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True)
    said: str = getattr(done, stream)
    return said


# A file that is appended to.


def test_what_is_appended_comes_behind_what_was_there(place: Path) -> None:
    output = AppendedFile(str(place))
    assert not output.is_new
    assert output.write([b"er", b"!"]) == 3
    output.commit()
    assert only(place, b"older!")


def test_what_is_beyond_the_length_given_is_cut_off(place: Path) -> None:
    AppendedFile(str(place), 1).commit()
    assert only(place, b"o")
    AppendedFile(str(place), 9).commit()
    assert only(place, b"o")
    output = AppendedFile(str(place), 0)
    assert output.is_new
    output.commit()
    assert only(place, b"")


def test_an_abort_takes_back_what_came_after_the_last_sync(place: Path) -> None:
    output = AppendedFile(str(place))
    output.write([b"er"])
    output.sync()
    output.write([b" than that"])
    output.abort()
    assert only(place, b"older")


def test_a_file_to_append_to_is_made(tmp_path: Path) -> None:
    output = AppendedFile(str(tmp_path / "new"))
    assert output.is_new
    output.write([b"x"])
    output.commit()
    output.abort()  # an end is an end
    assert only(tmp_path / "new", b"x")


def test_what_can_not_be_appended_to_or_synced_is_an_output_error(
    tmp_path: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(OutputError, match="no such file or directory"):
        AppendedFile(str(tmp_path / "gone" / "out"))
    with pytest.raises(OutputError, match="is a directory"):
        AppendedFile(str(tmp_path))
    output = AppendedFile(str(place))
    monkeypatch.setattr(os, "fsync", failing(errno.EIO))
    with pytest.raises(OutputError, match="input/output error"):
        output.commit()
    output.abort()
    monkeypatch.setattr(os, "ftruncate", failing(errno.EIO))
    with pytest.raises(OutputError, match="input/output error"):
        AppendedFile(str(place), 1)
