"""Reading items, and making values of them."""

import io
import itertools
import json
import os
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from concli.errors import InputError, UsageError
from concli.tasks.items import BadItemError, Items, parse


def read(how: str, data: bytes, path: Path) -> Items:
    path.write_bytes(data)
    return Items(how, path=str(path))


def parsed(items: Items) -> list[Any]:
    values: list[Any] = []
    for item in items:
        try:
            values.append(parse(item))
        except BadItemError as error:
            values.append(error)
    return values


@pytest.mark.parametrize("how", ["lines", "null"])
@given(texts=st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\n\0"))), ends=st.booleans())
def test_what_stands_between_separators_is_read_as_it_is(
    how: str, texts: list[str], ends: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    separator = "\n" if how == "lines" else "\0"
    whole = separator.join(texts) + separator * (ends and bool(texts))
    items = read(how, whole.encode(), tmp_path_factory.getbasetemp() / "items")
    wanted = texts if ends or not texts or texts[-1] else texts[:-1]  # an end without anything begins no item
    assert [item.value for item in items] == wanted
    assert [item.number for item in read(how, whole.encode(), tmp_path_factory.getbasetemp() / "items")] == [
        *range(len(wanted))
    ]
    items.close()


def test_items_larger_than_what_is_read_at_once_are_whole(tmp_path: Path) -> None:
    long = ["a" * 200_000, "b", "c" * 65_535, "d" * 65_536]
    assert [item.value for item in read("lines", "\n".join(long).encode(), tmp_path / "in")] == long


def test_bytes_that_are_no_utf8_are_kept(tmp_path: Path) -> None:
    [item] = read("lines", b"a\xff\n", tmp_path / "in")
    assert os.fsencode(item.value) == b"a\xff"


def test_a_pipe_is_read_as_it_comes() -> None:
    out, into = os.pipe()
    items = Items(path=f"/dev/fd/{out}")
    read = iter(items)
    for text in ("one", "two"):
        os.write(into, f"{text}\n".encode())
        assert next(read).value == text  # while the pipe is open
    os.close(into)
    assert list(read) == []
    os.close(out)
    items.close()


def test_json_lines_are_values_and_a_bad_one_says_where_it_is(tmp_path: Path) -> None:
    data = b'\xef\xbb\xbf{"a": [1]}\n\n 2 \nnope\n"end"'
    items = read("json", data, tmp_path / "in")
    values = parsed(items)
    assert [value for value in values if not isinstance(value, BadItemError)] == [{"a": [1]}, 2, "end"]
    assert str(values[2]).startswith("line 4 is no JSON")
    assert items.read == 4


def test_json_nested_too_deep_is_a_bad_item(tmp_path: Path) -> None:
    [value] = parsed(read("json", b"[" * 100_000, tmp_path / "in"))
    assert isinstance(value, BadItemError)


@given(st.lists(st.fixed_dictionaries({"a": st.text(), "b,": st.text()}), min_size=1))
def test_rows_are_dicts_as_they_were_written(rows: list[dict[str, str]]) -> None:
    import csv  # noqa: PLC0415 - the other side of what is tested

    text = io.StringIO(newline="")
    rows = [{name: value.replace("\0", "").replace("\r", "") for name, value in row.items()} for row in rows]
    rows = [{name: value.encode("utf-8", "replace").decode() for name, value in row.items()} for row in rows]
    writer = csv.DictWriter(text, ["a", "b,"], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    out, into = os.pipe()
    os.set_blocking(into, False)
    assert os.write(into, text.getvalue().encode()) == len(text.getvalue().encode())
    os.close(into)
    items = Items("csv", path=f"/dev/fd/{out}")
    assert parsed(items) == rows
    os.close(out)
    items.close()


def test_a_row_with_other_fields_is_a_bad_item(tmp_path: Path) -> None:
    items = read("csv", b'a,b\n1,2\n\n3\n"x\ny",5,6\n7,8\n', tmp_path / "in")
    values = parsed(items)
    assert [values[0], values[3]] == [{"a": "1", "b": "2"}, {"a": "7", "b": "8"}]
    assert [str(value) for value in values[1:3]] == [
        "line 4 is no row: it has 1 field, the first row has 2 fields",
        "line 5 is no row: it has 3 fields, the first row has 2 fields",
    ]


def test_arguments_are_items() -> None:
    items = Items("lines", ["a", "b c"])
    assert [item.value for item in items] == ["a", "b c"]
    assert items.expected == 2
    assert parsed(Items("json", ["1", "{}", "x"]))[:2] == [1, {}]


@pytest.mark.parametrize(("how", "path"), [("null", None), ("csv", None), ("lines", "in")])
def test_what_makes_no_sense_together_is_refused(how: str, path: str | None) -> None:
    with pytest.raises(UsageError):
        Items(how, ["a"], path)


@pytest.mark.parametrize("path", ["missing", "."])
def test_what_can_not_be_read_is_one_line(path: str, tmp_path: Path) -> None:
    with pytest.raises(InputError):
        Items(path=str(tmp_path / path))


def test_an_input_that_breaks_is_told_and_noted(tmp_path: Path) -> None:
    items = read("lines", b"a\nb\n", tmp_path / "in")
    read_items = iter(items)
    next(read_items)
    items.close()
    assert next(read_items).value == "b"  # that was read before
    with pytest.raises(InputError) as caught:
        next(read_items)
    assert items.problem is caught.value


def test_the_number_of_items_is_estimated_from_a_file(tmp_path: Path) -> None:
    items = read("lines", b"".join(b"%05d\n" % number for number in range(1000)), tmp_path / "in")
    assert items.expected is None
    list(itertools.islice(items, 10))
    assert items.expected == 1000


def test_an_endless_input_takes_no_memory() -> None:
    out, into = os.pipe()
    items = Items("json", path=f"/dev/fd/{out}")
    block = b"".join(json.dumps({"n": number}).encode() + b"\n" for number in range(1000))
    read = iter(items)
    tracemalloc.start()
    try:
        for _ in range(30):
            os.write(into, block)
            for item in itertools.islice(read, 1000):
                parse(item)
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()
    os.close(into)
    os.close(out)
    items.close()
