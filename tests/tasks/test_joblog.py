"""What a joblog holds, and what is done according to one."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from concli.errors import InputError, OutputError
from concli.tasks.items import Item
from concli.tasks.joblog import Done, Joblog, digest_of

RUN = {"--stage": ["expr:x"], "items": "lines"}


def line(number: int, status: str = "done", digest: str = "d") -> bytes:
    return Joblog.line(digest, json.dumps({"id": number, "status": status, "result": number}).encode() + b"\n")


def written(path: Path, *lines: bytes) -> str:
    joblog = Joblog(str(path), RUN)
    joblog.add(lines)
    joblog.close()
    return str(path)


@given(st.lists(st.tuples(st.integers(0, 9), st.sampled_from(["done", "failed", "cancelled"]))))
def test_the_last_line_of_an_item_counts(told: list[tuple[int, str]]) -> None:
    import tempfile  # noqa: PLC0415 - a folder for each example

    with tempfile.TemporaryDirectory() as folder:
        done = Done(written(Path(folder) / "log", *(line(*one) for one in told)), RUN)
        last = dict(told)
        look_up = done.reader()
        for number in range(11):
            assert done.has(number) == (last.get(number) == "done")
            found = look_up(number)
            assert (found is not None) == done.has(number)
            assert found is None or found["record"]["result"] == number
        done.close()


def test_a_line_that_was_torn_is_cut_off_and_what_comes_next_is_whole(tmp_path: Path) -> None:
    path = written(tmp_path / "log", line(0), line(1))
    with open(path, "ab") as file:
        file.write(line(2)[:-5])
    done = Done(path, RUN)
    assert [done.has(number) for number in range(3)] == [True, True, False]
    joblog = Joblog(path, RUN, keep=done.size)
    joblog.add([line(2)])
    joblog.close()
    assert [json.loads(each)["record"]["id"] for each in Path(path).read_text().splitlines()[1:]] == [0, 1, 2]
    assert Done(path, RUN).has(2)


def test_what_is_noted_can_be_read_before_the_end(tmp_path: Path) -> None:
    joblog = Joblog(str(tmp_path / "log"), RUN)
    joblog.add([line(0)])
    assert Done(str(tmp_path / "log"), RUN).has(0)
    joblog.close()


def test_without_resuming_it_begins_anew(tmp_path: Path) -> None:
    written(tmp_path / "log", line(0))
    assert not Done(written(tmp_path / "log"), RUN).has(0)


def test_a_line_that_tells_nothing_is_passed_over(tmp_path: Path) -> None:
    done = Done(written(tmp_path / "log", b"{}\n", b"nonsense\n", line(-1), b"[1]\n", line(3)), RUN)
    assert done.has(3)
    assert not done.has(0)


def test_one_that_is_not_there_or_empty_says_nothing(tmp_path: Path) -> None:
    assert Done(str(tmp_path / "none"), RUN).size == 0
    assert Done(str(tmp_path / "none"), RUN).reader()(0) is None
    (tmp_path / "torn").write_bytes(b'{"schema": "concli.jo')
    assert Done(str(tmp_path / "torn"), RUN).size == 0


def test_one_of_another_run_or_that_is_none_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "log", line(0))
    with pytest.raises(OutputError, match="another --stage; do as that did"):
        Done(path, RUN | {"--stage": ["sh:true"]})
    (tmp_path / "text").write_text("a list of things\n")
    with pytest.raises(OutputError, match="no joblog"):
        Done(str(tmp_path / "text"), RUN)
    with pytest.raises(InputError):
        Done(str(tmp_path), RUN)


def test_a_digest_tells_items_apart() -> None:
    assert digest_of(Item(0, b"a", "a")) == digest_of(Item(1, b"a", "a")) != digest_of(Item(0, b"b", "b"))
