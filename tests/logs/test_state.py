"""Each entry once: over runs that end, are interrupted or killed anywhere, and logs that are rotated meanwhile."""

import bz2
import gzip
import json
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import concli.logs.reader
from concli.errors import InputError
from concli.files import AppendedFile
from concli.logs._rotation import stem_of
from concli.logs.inputs import Place, expand
from concli.logs.reader import Reader
from concli.logs.state import SCHEMA, State


class Killed(BaseException):
    """The process is no more: nothing after this is done."""


class Job:
    """What appends the lines of some logs to an output, and may be killed at any step."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.folder = folder
        self.arguments = [str(folder / argument) for argument in arguments]
        self.output = folder / "output"
        self.problems: list[str] = []

    def run(self, steps: int = 1 << 30, *, commit_each: bool = False, interrupted: int = 1 << 30) -> str:
        """Do it, and return what the output is then. It is killed after so many ``steps``."""
        left = iter(range(steps))

        def step() -> None:
            if next(left, None) is None:
                raise Killed

        state = State(str(self.folder / "state"))
        self.problems = []
        inputs = state.resume(expand(self.arguments, lambda problem: self.problems.append(str(problem))))
        output = AppendedFile(str(self.output), state.output_length(str(self.output)))
        reader = Reader(inputs, lambda problem: self.problems.append(problem.problem), 1 << 20)
        try:
            step()
            state.begin([output])
            step()
            for number, chunk in enumerate(reader):
                if number == interrupted:
                    reader.cancel()
                    break
                output.write([chunk.buffer[: chunk.size]])
                step()
                state.written(chunk)
                reader.recycle(chunk)
                if commit_each:
                    output.sync()
                    step()
                    state.commit([output])
                step()
            output.sync()
            step()
            state.commit([output], done=reader.done)
            output.commit()
        except Killed:
            os.close(output._fd)  # as the system does; nothing is taken back
        finally:
            reader.close()
            state.close()
        return self.output.read_text()


def append(path: Path, text: str) -> None:
    with open(path, "a") as file:
        file.write(text)
    age(path)


_times = iter(range(1_000_000_000, 2_000_000_000, 100))


def age(path: Path) -> None:
    """Make a file old, and newer than all that were made old before."""
    now = next(_times)
    os.utime(path, (now, now))


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return Job(tmp_path, "log")


@pytest.fixture
def log(tmp_path: Path) -> Path:
    append(tmp_path / "log", "one\ntwo\n")
    return tmp_path / "log"


def test_only_what_is_new_is_processed(job: Job, log: Path) -> None:
    assert job.run() == "one\ntwo\n"
    assert job.run() == "one\ntwo\n"
    append(log, "three\nfo")
    assert job.run() == "one\ntwo\nthree\n"
    append(log, "ur\n")
    assert job.run() == "one\ntwo\nthree\nfour\n"
    document = json.loads((job.folder / "state").read_text())
    assert document["schema"] == SCHEMA
    assert [record["place"]["line"] for record in document["inputs"]] == [5]


def test_another_text_in_the_same_file_is_read_from_its_beginning(job: Job, log: Path) -> None:
    job.run()
    log.write_text("One\ntwo\nthree\n")
    assert job.run() == "one\ntwo\nOne\ntwo\nthree\n"


def test_a_file_that_was_cut_short_is_read_from_its_beginning(job: Job, log: Path) -> None:
    job.run()
    log.write_text("one\n")
    assert job.run() == "one\ntwo\none\n"


def test_a_text_that_only_begins_as_the_one_before_is_another(job: Job, log: Path) -> None:
    banner = "the same for all\n" * 100
    log.write_text(banner + "one\n" * 1000)
    first = job.run()
    log.write_text(banner + "two\n" * 2000)
    assert job.run() == first + banner + "two\n" * 2000


@pytest.mark.parametrize("name", ["log.1", "log-20260101", "log.2026-01-01", "log.old", "log.1.gz", "log.1.bz2"])
def test_a_rotated_file_is_read_to_its_end_first(job: Job, log: Path, name: str) -> None:
    job.run()
    append(log, "late\n")
    if not name.endswith(("gz", "bz2")):
        log.rename(log.with_name(name))
    else:
        data = log.read_bytes()
        log.with_name(name).write_bytes(gzip.compress(data) if name.endswith("gz") else bz2.compress(data))
        shutil.copystat(log, log.with_name(name))
        log.unlink()
    append(log, "new\n")
    assert job.run() == "one\ntwo\nlate\nnew\n"
    assert job.run() == "one\ntwo\nlate\nnew\n"
    append(log, "newer\n")
    assert job.run() == "one\ntwo\nlate\nnew\nnewer\n"


def test_a_file_that_was_copied_and_cut_short_is_read_to_its_end_in_the_copy(job: Job, log: Path) -> None:
    job.run()
    append(log, "late\n")
    shutil.copy(log, log.with_name("log.1"))
    age(log.with_name("log.1"))
    log.write_text("")
    append(log, "new\n")
    assert job.run() == "one\ntwo\nlate\nnew\n"
    assert job.run() == "one\ntwo\nlate\nnew\n"


def test_files_that_came_and_were_rotated_between_two_runs_are_not_left_out(job: Job, log: Path) -> None:
    append(log.with_name("log.9"), "of old\n")
    age(log)
    job.run()
    append(log, "late\n")
    log.rename(log.with_name("log.2"))
    append(log.with_name("log.1"), "between\n")
    append(log, "new\n")
    assert job.run() == "one\ntwo\nlate\nbetween\nnew\n"
    assert job.run() == "one\ntwo\nlate\nbetween\nnew\n"


def test_what_a_rotated_file_gets_later_is_not_left_out(job: Job, log: Path) -> None:
    job.run()
    log.rename(log.with_name("log.1"))
    append(log, "new\n")
    job.run()
    append(log.with_name("log.1"), "late\n")
    assert job.run() == "one\ntwo\nnew\nlate\n"


def test_all_files_of_a_pattern_are_known_whatever_they_are_called_then(job: Job, log: Path) -> None:
    job.arguments = [str(log) + "*"]
    for number in range(5):
        for n in range(number, 0, -1):
            suffix = ".gz" if n > 1 else ""
            if n == 1:
                packed = gzip.compress(log.with_name("log.1").read_bytes())
                log.with_name("log.1").unlink()
                log.with_name("log.2.gz").write_bytes(packed)
                age(log.with_name("log.2.gz"))
            else:
                log.with_name(f"log.{n}{suffix}").rename(log.with_name(f"log.{n + 1}.gz"))
        log.rename(log.with_name("log.1"))
        append(log, f"{number}\n")
        text = job.run()
    assert sorted(text.split()) == ["0", "1", "2", "3", "4", "one", "two"]


def test_packed_files_that_are_as_they_were_are_not_unpacked_again(job: Job, log: Path) -> None:
    job.arguments = [str(log) + ".gz"]
    log.with_name("log.gz").write_bytes(gzip.compress(b"one\ntwo"))
    assert job.run() == "one\ntwo\n"
    with State(str(job.folder / "state")) as state:
        assert state.resume(expand(job.arguments, print)) == []
    log.with_name("log.gz").write_bytes(gzip.compress(b"one\ntwo\nthree\n"))
    assert job.run().split()[-1] == "three"


def test_a_packed_file_that_is_cut_off_goes_on_when_it_is_whole(job: Job, log: Path) -> None:
    lines = "".join(f"{number} is a line\n" for number in range(2000))
    data = gzip.compress(lines.encode())
    job.arguments = [str(log) + ".gz"]
    log.with_name("log.gz").write_bytes(data[: len(data) // 2])
    first = job.run()
    assert "cut off" in job.problems[0]
    assert lines.startswith(first)
    assert job.run() == first
    log.with_name("log.gz").write_bytes(data)
    assert job.run() == lines


def test_inputs_of_other_runs_are_kept_and_those_that_are_gone_forgotten(job: Job, log: Path) -> None:
    job.run()
    append(log.with_name("other"), "other\n")
    Job(job.folder, "other").run()
    assert job.run() == "one\ntwo\nother\n"
    log.unlink()
    append(log, "new\n")
    job.run()
    paths = [record["path"] for record in json.loads((job.folder / "state").read_text())["inputs"]]
    assert sorted(paths) == [str(log), str(log.with_name("other"))]


def test_a_file_that_is_named_twice_is_read_once(job: Job, log: Path) -> None:
    job.arguments = [str(log), str(log)]
    assert job.run() == "one\ntwo\n"


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    runs=st.lists(
        st.tuples(
            st.sampled_from(["write", "write half", "rotate", "pack", "nothing"]), st.integers(0, 20), st.booleans()
        ),
        max_size=7,
    ),
)
def test_whenever_it_is_killed_each_entry_is_there_once_and_in_order(
    tmp_path_factory: pytest.TempPathFactory, runs: list[tuple[str, int, bool]]
) -> None:
    folder = tmp_path_factory.mktemp("killed")
    log, job = folder / "log", Job(folder, "log")
    written = 0

    def write(end: str = "\n") -> None:
        nonlocal written
        append(log, "".join(f"{number}\n" for number in range(written, written + 9)) + f"{written + 9}{end}")
        written += 10

    write()
    job.run(1)  # Before the first run has begun nothing is known, and rotated files are not looked for.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(concli.logs.reader, "CHUNK_BYTES", 16)
        for what, steps, commit_each in runs:
            if what == "write half":
                write("")
                job.run(steps, commit_each=commit_each)
                append(log, "\n")
            elif what == "write":
                write()
            elif what in {"rotate", "pack"}:
                names = sorted(path.name for path in folder.glob("log.*"))
                name = f"log.{len(names) + 1}"
                log.rename(folder / name)
                if what == "pack":
                    (folder / f"{name}.gz").write_bytes(gzip.compress((folder / name).read_bytes()))
                    shutil.copystat(folder / name, folder / f"{name}.gz")
                    (folder / name).unlink()
                write()
            job.run(steps, commit_each=commit_each)
        text = job.run()
    assert text.split() == [str(number) for number in range(written)]


def test_an_interrupted_run_keeps_what_it_has_written(job: Job, log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(concli.logs.reader, "CHUNK_BYTES", 5)
    append(log, "three\nfour\n")
    assert job.run(interrupted=2) == "one\ntwo\n"
    assert job.run() == "one\ntwo\nthree\nfour\n"


def test_what_others_wrote_to_the_output_after_a_run_that_ended_stays(job: Job, log: Path) -> None:
    job.output.write_text("before\n")
    assert job.run() == "before\none\ntwo\n"
    append(job.output, "by hand\n")
    append(log, "three\n")
    assert job.run() == "before\none\ntwo\nby hand\nthree\n"


def test_an_output_that_is_another_file_now_is_not_cut(job: Job, log: Path) -> None:
    job.run()
    append(log, "three\n")
    job.run(3)
    job.output.rename(job.folder / "moved")
    job.output.write_text("another, that is longer than the other\n")
    assert job.run() == "another, that is longer than the other\nthree\n"


def test_two_runs_can_not_use_one_state(job: Job) -> None:
    first = State(str(job.folder / "state"))
    with pytest.raises(InputError, match="another run uses this state"):
        State(str(job.folder / "state"))
    first.close()
    State(str(job.folder / "state")).close()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b'{"schema": "another"}',
        b'{"schema": "concli.state/1", "running": false, "outputs": [], "inputs": [{}]}',
        b'{"schema": "concli.state/1", "running": false, "inputs": [], "outputs": [{"path": "x"}]}',
        b"\xff",
    ],
)
def test_what_is_no_state_is_refused_and_stays(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "state").write_bytes(content)
    for _ in range(2):  # the lock is given back
        with pytest.raises(InputError, match="this is no concli"):
            State(str(tmp_path / "state"))
    assert (tmp_path / "state").read_bytes() == content


def test_a_state_where_no_file_can_be_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file or directory"):
        State(str(tmp_path / "gone" / "state"))


def test_what_is_no_file_is_read_as_it_is(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    inputs = list(expand([str(tmp_path / "pipe"), "/dev/null"], print))
    with State(str(tmp_path / "state")) as state:
        assert state.resume(inputs) == inputs


def test_a_file_that_is_not_there_yet_is_one_that_keeps_its_rest(tmp_path: Path) -> None:
    with State(str(tmp_path / "state")) as state:
        [source] = state.resume(expand([str(tmp_path / "log")], print, follow=True))
        assert source.keeps_rest


def test_a_line_that_is_too_long_is_gone_on_behind(job: Job, log: Path) -> None:
    log.write_text("x" * 5_000_000 + "\nshort\n")
    with State(str(job.folder / "state")) as state:
        reader = Reader(state.resume(expand(job.arguments, print)), print, 100)
        for chunk in reader:
            state.written(chunk)
            reader.recycle(chunk)
        reader.close()
        state.commit([], done=reader.done)
    append(log, "new\n")
    with State(str(job.folder / "state")) as state:
        [source] = state.resume(expand(job.arguments, print))
        assert source.start == Place(5_000_007, 3)


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("log.1", "log"),
        ("log.2.gz", "log"),
        ("log-20260101", "log"),
        ("log-20260101-1530.xz", "log"),
        ("log.2026-01-01T00:00:00.zst", "log"),
        ("log.old", "log"),
        ("log.gz", "log"),
        ("app.log", "app.log"),
        ("log.state", "log.state"),
        ("log.state.lock", "log.state.lock"),
        ("log2", "log2"),
        (".1", ".1"),
    ],
)
def test_rotated_logs_are_told_by_their_names(name: str, stem: str) -> None:
    assert stem_of(f"/x/{name}") == ("/x", stem)


def test_a_log_that_is_followed_is_gone_on_with_by_the_next_run(job: Job, log: Path) -> None:
    state = State(str(job.folder / "state"))
    inputs = state.resume(expand(job.arguments, print, follow=True))
    reader = Reader(inputs, print, 1 << 20, follow=True)
    output = AppendedFile(str(job.output), state.output_length(str(job.output)))
    state.begin([output])
    append(log, "thr")
    for chunk in reader:
        output.write([chunk.buffer[: chunk.size]])
        state.written(chunk)
        output.sync()
        state.commit([output])
        if chunk.after.line == 3:
            log.rename(log.with_name("log.1"))
            append(log, "new\nne")
        if chunk.source and chunk.source.identity != inputs[0].identity:
            reader.cancel()
    output.commit()
    state.close()  # killed: nobody said that it is the end
    reader.close()
    assert job.output.read_text() == "one\ntwo\nthr\nnew\n"
    append(log, "wer\n")
    assert job.run() == "one\ntwo\nthr\nnew\nnewer\n"
