"""A generated log says of itself what a reader gets: every format, there and back."""

import json
from typing import Any

import pytest

from concli.errors import UsageError
from concli.logs.chunk import PADDING, Chunk
from concli.logs.entries import Column, Scan
from concli.logs.formats.format import Reading
from concli.logs.formats.registry import by_name, names
from concli.logs.generate.log import NAMES, Choice, Log, layout
from concli.logs.line_finder import LineFinder

ENTRIES = 1500


def written(choice: Choice, count: int = ENTRIES) -> tuple[bytes, list[dict[str, Any]]]:
    log = Log(choice, with_truth=True)
    part = log.part(count)
    truth = (part.truth + log.last()).decode().split("\n")[:-1]
    assert part.lines == part.data.count(b"\n") == part.entries + part.continued + part.rejected
    return part.data, [json.loads(line) for line in truth]


def scanned(name: str, data: bytes) -> Scan:
    chunk = Chunk(bytearray(data + bytes(PADDING)), "made.log", size=len(data), consumed=len(data), year=2026)
    chunk.mark_lines(LineFinder())
    scan = by_name(name).scanner(Reading()).scan(chunk)
    assert scan.entries.size + scan.continued + scan.blank + len(scan.rejected) == chunk.lines
    return scan


def value(column: Column, number: int) -> Any:
    found = column.value(number)
    if found is None:
        return None
    return json.loads(found) if column.kind != "text" else found.decode("utf-8", "replace")


def read(scan: Scan) -> list[dict[str, Any]]:
    """Return what was read as the truth has it."""
    entries, found = scan.entries, []
    for number in range(entries.size):
        fields = {name: value(column, number) for name, column in entries.fields.items()}
        found.append(
            {
                "line": int(entries.lines[number]) + 1,
                "timestamp": value(entries.timestamps, number),
                "level": entries.names[entries.levels[number]].decode(),
                "message": value(entries.messages, number),
                "fields": {name: field for name, field in fields.items() if field is not None},
            }
        )
    found += [{"line": line + 1, "rejected": True} for line in scan.rejected.tolist()]
    return sorted(found, key=lambda entry: entry["line"])


def test_every_format_that_is_read_can_be_written() -> None:
    assert set(names()) - set(NAMES) == {"logcat-brief", "journald-export"}
    assert set(NAMES) <= set(names())


@pytest.mark.parametrize("name", NAMES)
def test_what_is_read_is_what_was_written(name: str) -> None:
    data, truth = written(Choice(name, seed=3))
    assert read(scanned(name, data)) == truth


@pytest.mark.parametrize("name", NAMES)
def test_stack_traces_and_damage_are_read_as_the_truth_says(name: str) -> None:
    data, truth = written(Choice(name, seed=5, traces=0.03, damage=0.05))
    assert read(scanned(name, data)) == truth
    if layout(name).joins:
        assert any("\n" in entry["message"] for entry in truth if "message" in entry)
    else:
        assert any("rejected" in entry for entry in truth)


@pytest.mark.parametrize("name", NAMES)
def test_the_same_choice_gives_the_same_log_however_it_is_cut(name: str) -> None:
    choice = Choice(name, seed=1, traces=0.02, damage=0.02)
    one, parts = Log(choice, with_truth=True), Log(choice)
    assert one.part(300).data == b"".join(parts.part(count).data for count in (1, 99, 200))
    assert one.part(9).data != Log(choice._replace(seed=2)).part(9).data


def test_all_that_can_happen_happens() -> None:
    data, truth = written(Choice("base", seed=0, traces=0.01, damage=0.02), 6000)
    assert {entry["level"] for entry in truth} == {"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"}
    errors = sum(entry["level"] in ("ERROR", "CRITICAL") for entry in truth)
    assert 0.03 < errors / len(truth) < 0.3
    for sign in (b"\0", b"\xff\xfe", b"Traceback", b"x" * 60_000, "東京".encode(), b'"'):
        assert sign in data


def test_an_unknown_format_is_named() -> None:
    with pytest.raises(UsageError, match="no format is called 'excel'"):
        Log(Choice("excel"))
