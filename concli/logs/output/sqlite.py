"""A table ``entries`` in a new SQLite database."""

import contextlib
import math
import os
import sqlite3
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from concli.drafts import Draft
from concli.errors import OutputError
from concli.logs.entries import Column, Entries
from concli.logs.output._segments import Value
from concli.logs.output.columns import lay_out
from concli.logs.output.escaping import replace_invalid
from concli.logs.output.members import COMMON, Members, valid_numbers

__all__ = ["Database", "RowBatch", "Rows", "column_texts"]

_MOST_INT = 2**63 - 1


class RowBatch(NamedTuple):
    """Rows of the table, made by a parser's thread; its length is in bytes."""

    rows: list[tuple[Any, ...]]
    size: int

    def __len__(self) -> int:
        return self.size


class Rows(Members):
    """Makes rows: text, and integers and floats where a value is a number; what is missing is NULL."""

    header = b""
    columns: tuple[str, ...]
    counts_left_out = True

    def __init__(self, columns: Sequence[str] | None = None) -> None:
        super().__init__(COMMON if columns is None else columns)

    def __call__(self, entries: Entries, keep: NDArray[np.bool_]) -> tuple[Sequence[RowBatch], int]:
        """Make rows of the entries for which ``keep`` is true; return also the count of replaced bytes."""
        members, size = self.of(entries, keep)
        if not size:
            return [], 0
        by_name, replaced, total = {member.name: member for member in members}, 0, 0
        values: list[Iterable[Any]] = []
        for name in self.columns:
            member = by_name.get(name)
            if member is None:
                values.append([None] * size)
                continue
            if member.levels is not None:
                names = [replace_invalid(level) for level in member.names or []]
                levels = member.levels.tolist()
                values.append([names[number][0].decode() if number else None for number in levels])
                replaced += sum(names[number][1] for number in levels)
                continue
            texts, bad = column_texts(member.column)
            replaced += bad
            total += int((member.column.ends - member.column.starts).sum())
            if member.column.kind == "number":
                are_numbers = valid_numbers(member.column).tolist()
                values.append(
                    [_number(text) if is_one else text for text, is_one in zip(texts, are_numbers, strict=True)]
                )
            else:
                values.append(texts)
        return [RowBatch(list(zip(*values, strict=True)), total + size)], replaced


def column_texts(column: Column) -> tuple[list[str | None], int]:
    """Return the values as text, and how many bytes were replaced as they were not UTF-8."""
    laid = lay_out([Value(column)], len(column.starts))
    data, replaced = laid.data.tobytes(), 0
    places = laid.starts.tolist()
    texts: list[str | None]
    if data.isascii():
        whole = data.decode()
        texts = [whole[start:end] for start, end in pairwise(places)]
    else:
        texts = []
        for start, end in pairwise(places):
            text, bad = replace_invalid(data[start:end])
            texts.append(text.decode())
            replaced += bad
    for number in np.flatnonzero(column.starts < 0).tolist():
        texts[number] = None
    return texts, replaced


def _number(text: str | None) -> int | float | str | None:
    """Return a number as SQLite can hold it, or else the text."""
    if text is None:
        return None
    if text.lstrip("-").isdigit():
        return int(text) if len(text) < 19 or (len(text) < 21 and abs(int(text)) <= _MOST_INT) else text
    number = float(text)
    return number if math.isfinite(number) else text


class Database:
    """The database, an ``Output`` for batches of rows: whole at the end or not there at all."""

    is_new = False  # not only what is written is in it

    def __init__(self, path: str, columns: Sequence[str] | None = None) -> None:
        columns = COMMON if columns is None else tuple(dict.fromkeys(columns))
        self.name = path
        self._draft = Draft(path)
        try:
            # Made by one thread, written to by another and ended by the first, never by two at once.
            self._database = sqlite3.connect(self._draft.path, isolation_level=None, check_same_thread=False)
        except sqlite3.Error as error:
            self._draft.abort()
            raise OutputError(path, str(error)) from error
        names = ", ".join(_unique(columns))
        self._insert = f"INSERT INTO entries VALUES ({', '.join('?' * len(columns))})"  # noqa: S608 - nothing but marks
        try:
            # There is nothing to go back to: a draft that is not whole is thrown away.
            self._do("PRAGMA journal_mode = OFF")
            self._do("PRAGMA synchronous = OFF")
            self._do("BEGIN")
            self._do(f"CREATE TABLE entries ({names})")
        except BaseException:
            self.abort()
            raise

    def _do(self, statement: str) -> None:
        try:
            self._database.execute(statement)
        except sqlite3.Error as error:
            raise OutputError(self.name, str(error)) from error

    def write(self, pieces: Sequence[Any]) -> int:
        """Insert the rows; return their size in bytes."""
        total = 0
        for batch in pieces:
            if isinstance(batch, RowBatch):
                try:
                    self._database.executemany(self._insert, batch.rows)
                except (sqlite3.Error, OverflowError) as error:
                    raise OutputError(self.name, str(error)) from error
                total += len(batch)
        return total

    def cancel(self) -> None:
        """End a ``write`` that takes long: there is none."""

    def commit(self) -> None:
        """Put the database in its place."""
        try:
            self._do("COMMIT")
            self._database.close()
        except BaseException:
            self.abort()
            raise
        self._draft.commit()

    def abort(self) -> None:
        """Leave the place as it was."""
        with contextlib.suppress(sqlite3.Error):
            self._database.close()
        self._draft.abort()

    def stat(self) -> os.stat_result:
        """Return the status of what is being written to."""
        return self._draft.stat()


def _unique(columns: Sequence[str]) -> list[str]:
    """Return the names quoted; SQLite does not tell upper from lower case, so some get a number."""
    taken: set[str] = set()
    names = []
    for column in columns:
        plain = column.encode("utf-8", "replace").decode().replace("\0", "")
        name, number = plain, 1
        while name.lower() in taken:
            number += 1
            name = f"{plain}_{number}"
        taken.add(name.lower())
        names.append('"' + name.replace('"', '""') + '"')
    return names
