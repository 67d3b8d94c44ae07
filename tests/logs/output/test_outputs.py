"""What is written where, from a name or an ending."""

from pathlib import Path

import numpy as np
import pytest

from concli.errors import UsageError
from concli.logs.output.outputs import OUTPUTS, output_for
from tests.logs.output.rows import all_of, entries_of

WITHOUT_EXTRAS = [name for name in OUTPUTS if name != "parquet"]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("a.jsonl", "jsonl"),
        ("a.NDJSON", "jsonl"),
        ("a.csv", "csv"),
        ("a.tsv", "tsv"),
        ("a.logfmt", "logfmt"),
        ("a.db", "sqlite"),
        ("a.sqlite", "sqlite"),
        ("a.parquet", "parquet"),
        ("a.log", "text"),
        ("a.txt", "text"),
    ],
)
def test_an_ending_says_what_a_file_is(path: str, name: str) -> None:
    kind = output_for(path)
    assert kind is not None
    assert kind.name == name


def test_an_unknown_ending_says_nothing() -> None:
    assert output_for("a.out") is None


@pytest.mark.parametrize("name", WITHOUT_EXTRAS)
@pytest.mark.parametrize("columns", [None, ("message", "a")])
def test_each_writes_a_file(tmp_path: Path, name: str, columns: tuple[str, ...] | None) -> None:
    kind = OUTPUTS[name]
    render, output = kind.renderer(columns), kind.open(str(tmp_path / "out"), columns)
    entries = entries_of([{"message": b"m", "a": b"x"}])
    output.write([render.header])
    written = output.write(render(entries, all_of(entries))[0])
    output.write(render(entries, np.zeros(1, bool))[0])
    output.commit()
    assert written > 0
    assert (tmp_path / "out").stat().st_size > 0


@pytest.mark.parametrize("path", [None, "-"])
def test_a_database_cannot_flow(path: str | None) -> None:
    with pytest.raises(UsageError, match="name a file with -o"):
        OUTPUTS["sqlite"].open(path, None)
