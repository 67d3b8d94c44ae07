"""A recording: written, read again, and what is said of one that is damaged."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from concli.errors import InputError, OutputError
from concli.monitor import ProcessSample, Recorder, Sample, ThreadSample, header_of, replay
from concli.monitor.record import SCHEMA
from tests.monitor.figures import process, sample, thread

number = st.integers(0, 1 << 62)
real = st.floats(0, 1e12)
threads = st.builds(
    ThreadSample,
    number,
    number,
    st.text(),
    st.sampled_from("RSDTZ?"),
    real,
    real,
    st.none() | real,
    wchan=st.none() | st.text(),
)
processes = st.builds(
    ProcessSample, number, number, st.text(), real, real, number, number, st.none() | number, started=real
)
samples = st.builds(
    Sample,
    real,
    st.text(),
    st.lists(processes, max_size=3).map(tuple),
    st.lists(threads, max_size=3).map(tuple),
    st.lists(number).map(tuple),
    st.none() | st.text(),
)

SAMPLES = [
    sample(0, process(rss=5), thread(wchan="futex_wait")),
    sample(1, thread(2, operations=3)),
    sample(2, gone=(1,)),
]


def write(path: Path, *found: Sample) -> Path:
    recorder = Recorder(str(path), {"pid": 1})
    for each in found:
        recorder.add(each)
    recorder.commit()
    return path


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    return write(tmp_path / "run.jsonl", *SAMPLES)


@given(st.lists(samples, max_size=4))
def test_what_is_read_is_what_was_written(tmp_path_factory: pytest.TempPathFactory, found: list[Sample]) -> None:
    path = write(tmp_path_factory.mktemp("law") / "run.jsonl", *found)
    assert list(replay(str(path))) == found


def test_the_first_line_states_the_schema_and_the_fields(recording: Path) -> None:
    header = json.loads(recording.read_text().splitlines()[0])
    assert (header["schema"], header["pid"]) == ("concli.monitor/1", 1)
    assert header["thread_fields"][:3] == ["pid", "tid", "name"]


def test_a_torn_last_line_is_left_out(recording: Path) -> None:
    whole = recording.read_bytes()
    last = whole[:-1].rindex(b"\n") + 1
    for end in (last, last + 1, len(whole) - 2):
        recording.write_bytes(whole[:end])
        assert list(replay(str(recording))) == SAMPLES[:2]


def test_a_last_line_without_its_end_may_still_be_whole(recording: Path) -> None:
    recording.write_bytes(recording.read_bytes()[:-1])
    assert list(replay(str(recording))) == SAMPLES


@pytest.mark.parametrize(
    "line",
    [
        "nonsense",
        "{}",
        "[]",
        "null",
        '{"time_s":"x","wall":"","processes":[],"threads":[],"gone":[],"problem":null}',
        '{"time_s":NaN,"wall":"","processes":[],"threads":[],"gone":[],"problem":null}',
        '{"time_s":0,"wall":"","processes":[[1]],"threads":[],"gone":[],"problem":null}',
        '{"time_s":0,"wall":"","processes":5,"threads":[],"gone":[],"problem":null}',
        '{"time_s":0,"wall":"","processes":[],"threads":[],"gone":[true],"problem":null}',
        "[" * 100_000,
        "\xff",
    ],
    ids=range(11),
)
def test_a_damaged_line_is_named_in_one_line(recording: Path, line: str) -> None:
    lines = recording.read_bytes().splitlines(keepends=True)
    recording.write_bytes(b"".join([*lines[:2], line.encode("latin-1") + b"\n", *lines[2:]]))
    found = replay(str(recording))
    assert next(found) == SAMPLES[0]
    with pytest.raises(InputError, match=r"run\.jsonl:3: this is no sample of concli\.monitor/1") as error:
        next(found)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("header", "says"),
    [
        (b"", "no recording"),
        (b"2030-01-01 INFO started\n", "no recording"),
        (b"[1]\n", "no recording"),
        (b'{"schema":"concli.monitor/9"}\n', "its schema is 'concli.monitor/9'"),
        (b'{"schema":"concli.monitor/1"}\n', "the fields are not named"),
        (b'{"schema":"concli.monitor/1","cpus":"two"}\n', "cpus can't be 'two'"),
        (b'{"schema":"concli.monitor/1","cpus":0}\n', "cpus can't be 0"),
        (b'{"schema":"concli.monitor/1","process_fields":["pid"],"thread_fields":[]}\n', "there is no 'ppid'"),
    ],
)
def test_what_is_no_recording_is_said_so(tmp_path: Path, header: bytes, says: str) -> None:
    path = tmp_path / "other"
    path.write_bytes(header)
    with pytest.raises(InputError, match=says) as error:
        list(replay(str(path)))
    assert f"{path}:1" in str(error.value)


def test_a_file_that_is_not_there_is_an_input_error(tmp_path: Path) -> None:
    for read in (header_of, lambda path: next(replay(path))):
        with pytest.raises(InputError, match="no such file"):
            read(str(tmp_path / "none"))


def test_fields_that_came_later_are_passed_over_and_those_that_were_not_there_are_not_told(tmp_path: Path) -> None:
    fields = {"process_fields": ["x", *ProcessSample._fields[:7]], "thread_fields": [*ThreadSample._fields[:6], "y"]}
    row = {"time_s": 0, "wall": "", "gone": [], "problem": None}
    row |= {"processes": [[[], 1, 0, "program", 0, 0, 5, 1]], "threads": [[1, 2, "worker", "S", 0, 0, {}]]}
    path = tmp_path / "later"
    path.write_text(json.dumps({"schema": SCHEMA, **fields}) + "\n" + json.dumps(row) + "\n")
    (found,) = replay(str(path))
    assert found.processes == (process(rss=5),)
    assert found.threads == (thread(2),)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no disk that is always full")
def test_a_full_disk_is_an_output_error() -> None:
    with pytest.raises(OutputError, match="no space"):
        Recorder("/dev/full", {})


def test_a_recording_that_is_given_up_leaves_nothing(tmp_path: Path) -> None:
    recorder = Recorder(str(tmp_path / "run.jsonl"), {})
    recorder.add(SAMPLES[0])
    recorder.abort()
    assert list(tmp_path.iterdir()) == []
