"""All that entries can be written as, by name."""

from collections import Counter
from collections.abc import Sequence
from importlib import import_module
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from concli.errors import UsageError
from concli.files import Output, open_output
from concli.logs.entries import Entries

__all__ = ["OUTPUTS", "Kind", "Renderer", "output_for"]

Columns = tuple[str, ...] | None


class Renderer(Protocol):
    """Turns the kept entries of a chunk into what an output takes, for one thread.

    A call returns pieces to be written one after the other, good as long as the chunk, and how many bytes
    were replaced because they were not UTF-8. ``header`` comes before the first. ``left_out`` counts values
    of fields that there was no column for.
    """

    @property
    def left_out(self) -> Counter[str]:
        """The values that there was no column for, by the names of the fields."""

    @property
    def header(self) -> bytes:
        """What comes before the first entry."""

    def __call__(self, entries: Entries, keep: NDArray[np.bool_]) -> tuple[Sequence[Any], int]:
        """Render the entries for which ``keep`` is true."""


class Kind(NamedTuple):
    """One of them, and which endings a file of it may have, the usual one first.

    ``module`` has what makes a renderer, by the name ``renders``, and what opens an output that is more than bytes,
    ``opens``; it is imported when it is used. If ``fixed``, all entries have the same columns.
    """

    name: str
    title: str
    endings: tuple[str, ...]
    module: str
    renders: str
    opens: str | None = None
    fixed: bool = False

    def renderer(self, columns: Columns) -> Renderer:
        """Return a renderer for one thread.

        The columns are names of fields and ``timestamp``, ``level``, ``message``; None stands for those three, and
        where entries may differ in what they have for all fields too.
        """
        made: Renderer = self._import(self.renders)(columns)
        return made

    def open(self, path: str | None, columns: Columns) -> Output:
        """Open the output at a path, None being standard output."""
        if self.opens is None:
            return open_output(path)
        if path is None or path == "-":
            raise UsageError(f"{self.title} cannot go to standard output; name a file with -o")
        output: Output = self._import(self.opens)(path, columns)
        return output

    def _import(self, name: str) -> Any:
        return getattr(import_module(f"concli.logs.output.{self.module}"), name)


_PARQUET = "a Parquet file, with the extra concli[parquet]"
_KINDS = [
    Kind("text", "timestamp [LEVEL] message", (".log", ".txt"), "text", "Text"),
    Kind("raw", "the lines as they were", (), "text", "Raw"),
    Kind("jsonl", "a JSON object a line", (".jsonl", ".ndjson", ".json"), "jsonl", "JsonLines"),
    Kind("csv", "comma-separated values, RFC 4180", (".csv",), "delimited", "Csv", fixed=True),
    Kind("tsv", "tab-separated values", (".tsv", ".tab"), "delimited", "Tsv", fixed=True),
    Kind("logfmt", "key=value pairs", (".logfmt",), "logfmt", "Logfmt"),
    Kind("sqlite", "an SQLite database", (".db", ".sqlite", ".sqlite3"), "sqlite", "Rows", "Database", fixed=True),
    Kind("parquet", _PARQUET, (".parquet",), "parquet", "Tables", "ParquetFile", fixed=True),
]

#: All kinds of output by name.
OUTPUTS: dict[str, Kind] = {kind.name: kind for kind in _KINDS}


def output_for(path: str) -> Kind | None:
    """Return the kind that a file's ending says, None if it says none.

    >>> output_for("errors.JSONL").name
    'jsonl'
    """
    return next((kind for kind in _KINDS for ending in kind.endings if path.lower().endswith(ending)), None)
