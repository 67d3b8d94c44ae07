"""A Parquet file, written by pyarrow, which comes with the extra ``concli[parquet]``."""

import contextlib
import importlib
import os
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from concli.drafts import Draft
from concli.errors import OutputError, UsageError
from concli.logs.entries import Column, Entries
from concli.logs.output._segments import Value
from concli.logs.output.columns import lay_out
from concli.logs.output.escaping import replace_invalid
from concli.logs.output.members import COMMON, Member, Members, valid_numbers
from concli.logs.output.sqlite import column_texts

__all__ = ["ParquetFile", "TableBatch", "Tables"]

# A row group ends with the batch that makes it this large.
_GROUP_ROWS = 200_000
_GROUP_BYTES = 32 * 1024 * 1024


def _pyarrow(part: str = "") -> Any:
    try:
        return importlib.import_module("pyarrow" + part)
    except ImportError as error:
        raise UsageError("Parquet needs pyarrow; install it with: pip install 'concli[parquet]'") from error


class TableBatch(NamedTuple):
    """Some rows by columns, made by a parser's thread; its length is in bytes."""

    table: Any
    size: int

    def __len__(self) -> int:
        return self.size


class Tables(Members):
    """Makes Arrow tables: strings, or where all values are numbers these; a column without values is of nulls."""

    header = b""
    columns: tuple[str, ...]
    counts_left_out = True

    def __init__(self, columns: Sequence[str] | None = None) -> None:
        super().__init__(COMMON if columns is None else columns)
        self._arrow = _pyarrow()

    def __call__(self, entries: Entries, keep: NDArray[np.bool_]) -> tuple[Sequence[TableBatch], int]:
        """Make a table of the entries for which ``keep`` is true; return also the count of replaced bytes."""
        members, size = self.of(entries, keep)
        if not size:
            return [], 0
        by_name, replaced = {member.name: member for member in members}, 0
        arrays = []
        for name in self.columns:
            array, bad = self._array(by_name[name]) if name in by_name else (self._arrow.nulls(size), 0)
            arrays.append(array)
            replaced += bad
        table = self._arrow.table(arrays, [_spelled(name) for name in self.columns])
        return [TableBatch(table, table.nbytes)], replaced

    def _array(self, member: Member) -> tuple[Any, int]:
        arrow, column = self._arrow, member.column
        if member.levels is not None:
            names = [replace_invalid(level) for level in member.names or []]
            levels: list[str | None] = [text.decode() for text, _ in names]
            levels[0] = None
            counts = np.bincount(member.levels, minlength=len(names)).tolist()
            array = arrow.array(levels, arrow.string()).take(arrow.array(member.levels))
            return array, sum(bad * count for (_, bad), count in zip(names, counts, strict=True))
        array, replaced = self._strings(column)
        if array.null_count == len(array):
            array = arrow.nulls(len(array))
        elif column.kind == "number" and not ((column.starts >= 0) & ~valid_numbers(column)).any():
            array = self._numbers(array)
        return array, replaced

    def _strings(self, column: Column) -> tuple[Any, int]:
        arrow = self._arrow
        laid = lay_out([Value(column)], len(column.starts))
        if laid.data.size and int(laid.data.max()) > 127:
            texts, replaced = column_texts(column)
            return arrow.array(texts, arrow.string()), replaced
        valid = np.packbits(column.starts >= 0, bitorder="little")
        buffers = [arrow.py_buffer(part) for part in (valid, laid.starts.astype(np.int32), laid.data)]
        return arrow.StringArray.from_buffers(len(column.starts), buffers[1], buffers[2], buffers[0]), 0

    def _numbers(self, strings: Any) -> Any:
        """Return numbers if no digit is lost by that."""
        arrow, compute = self._arrow, _pyarrow(".compute")
        with contextlib.suppress(arrow.ArrowInvalid):
            return strings.cast(arrow.int64())
        long = compute.match_substring_regex(strings, "^-?[0-9]{16,}$")
        return strings if compute.any(long).as_py() else strings.cast(arrow.float64())


def _spelled(name: str) -> str:
    return name.encode("utf-8", "replace").decode()


class ParquetFile:
    """The file, an ``Output`` for tables: whole at the end or not there at all.

    A column's type is that of the values so far. One that does not fit, after the first row group, has the
    file written anew, with the numbers so far as text if need be. Among numbers with fractions, whole ones
    beyond 2**53 are rounded.
    """

    is_new = False  # not only what is written is in it

    def __init__(self, path: str, columns: Sequence[str] | None = None) -> None:
        self._arrow, self._parquet = _pyarrow(), _pyarrow(".parquet")
        self.name = path
        columns = COMMON if columns is None else tuple(dict.fromkeys(columns))
        self._types = {_spelled(name): self._arrow.null() for name in columns}
        self._draft = Draft(path)
        self._waiting: list[Any] = []
        self._waiting_rows = self._waiting_bytes = 0
        self._writer: Any = None

    def write(self, pieces: Sequence[Any]) -> int:
        """Take in the tables; return their size in bytes."""
        total = 0
        for batch in pieces:
            if isinstance(batch, TableBatch):
                self._waiting.append(batch.table)
                self._waiting_rows += batch.table.num_rows
                self._waiting_bytes += len(batch)
                total += len(batch)
                if self._waiting_rows >= _GROUP_ROWS or self._waiting_bytes >= _GROUP_BYTES:
                    self._flush()
        return total

    def _flush(self) -> None:
        types = dict(self._types)
        for table in self._waiting:
            for field in table.schema:
                types[field.name] = self._wider(types[field.name], field.type)
        try:
            if self._writer is not None and types != self._types:
                self._begin_anew(types)
            self._types = types
            if self._writer is None:
                self._writer = self._parquet.ParquetWriter(self._draft.path, self._schema(types), compression="zstd")
            schema = self._schema(types)
            group = self._arrow.concat_tables([table.cast(schema, safe=False) for table in self._waiting])
            if group.num_rows:
                self._writer.write_table(group, row_group_size=group.num_rows)
        except (OSError, self._arrow.ArrowException) as error:
            raise OutputError(self.name, error if isinstance(error, OSError) else str(error)) from error
        self._waiting.clear()
        self._waiting_rows = self._waiting_bytes = 0

    def _begin_anew(self, types: dict[str, Any]) -> None:
        """Write what has been written once more, with other types."""
        self._writer.close()
        self._writer = None
        draft = Draft(self.name)
        try:
            self._writer = self._parquet.ParquetWriter(draft.path, self._schema(types), compression="zstd")
            with self._parquet.ParquetFile(self._draft.path) as before:
                for number in range(before.num_row_groups):
                    self._writer.write_table(before.read_row_group(number).cast(self._schema(types), safe=False))
        except BaseException:
            draft.abort()
            raise
        self._draft.abort()
        self._draft = draft

    def _schema(self, types: dict[str, Any]) -> Any:
        null, string = self._arrow.null(), self._arrow.string()
        return self._arrow.schema([(name, string if kind == null else kind) for name, kind in types.items()])

    def _wider(self, first: Any, second: Any) -> Any:
        """Return the type that holds the values of both."""
        arrow = self._arrow
        order = [arrow.null(), arrow.int64(), arrow.float64(), arrow.string()]
        return order[max(order.index(first), order.index(second))]

    def cancel(self) -> None:
        """End a ``write`` that takes long: there is none."""

    def commit(self) -> None:
        """Put the file in its place."""
        try:
            if self._writer is None and not self._waiting:
                self._waiting.append(self._schema(self._types).empty_table())
            if self._waiting:
                self._flush()
            self._writer.close()
        except BaseException as error:
            self.abort()
            if isinstance(error, OSError | self._arrow.ArrowException):
                raise OutputError(self.name, error if isinstance(error, OSError) else str(error)) from error
            raise
        self._draft.commit()

    def abort(self) -> None:
        """Leave the place as it was."""
        if self._writer is not None:
            with contextlib.suppress(Exception):
                self._writer.close()
        self._draft.abort()

    def stat(self) -> os.stat_result:
        """Return the status of what is being written to."""
        return self._draft.stat()
