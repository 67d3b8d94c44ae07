"""Where the entries and the rejects go: outputs that are opened before anything is written."""

import csv
import os
import stat
from collections.abc import Callable, Sequence
from typing import NamedTuple

from concli.errors import OutputError, UsageError
from concli.files import AppendedFile, Output, open_output
from concli.logs.inputs import Input, identity_of
from concli.logs.output.outputs import OUTPUTS, Renderer

__all__ = ["Destination", "Outputs"]


class Outputs(NamedTuple):
    """What is written to: the entries' output, the rejects' if there is one."""

    entries: Output
    rejects: Output | None

    def all(self) -> list[Output]:
        """Return those there are."""
        return [self.entries] if self.rejects is None else [self.entries, self.rejects]

    def commit(self) -> None:
        """Put all in their places."""
        for output in self.all():
            output.commit()

    def abort(self) -> None:
        """Leave all places as they were."""
        for output in self.all():
            output.abort()


class Destination(NamedTuple):
    """Where to write, and what as.

    ``output`` of None is standard output. ``to`` is one of ``OUTPUTS``, and ``columns`` the names of what is written,
    None for all there is. ``split_by`` is ``level``, ``day`` or a field, by whose values there are files. If it
    ``appends``, what is there stays, and what is written is there at once.
    """

    output: str | None = None
    to: str = "text"
    columns: tuple[str, ...] | None = None
    split_by: str | None = None
    rejects: str | None = None
    appends: bool = False

    @property
    def split_field(self) -> str | None:
        """The field by whose values there are files."""
        return "timestamp" if self.split_by == "day" else self.split_by

    @property
    def needs_columns(self) -> bool:
        """Whether all that is written has the same columns, so that these must be known at the beginning."""
        return OUTPUTS[self.to].fixed and self.columns is None

    def columns_there(self) -> tuple[str, ...] | None:
        """Return the columns of the table that is appended to, None if there is none yet. Raises ``OutputError``."""
        if not self.output or not self._is_appended(self.output) or not os.path.exists(self.output):
            return None
        try:
            with open(self.output, encoding="utf-8", errors="surrogateescape", newline="") as file:
                names = next(csv.reader(file, delimiter="\t" if self.to == "tsv" else ","), None)
        except (OSError, csv.Error) as error:
            raise OutputError(self.output, error if isinstance(error, OSError) else "this is no table") from error
        return tuple(names) if names else None

    def renderer(self) -> Renderer:
        """Return what renders entries for this output, for one thread."""
        render = OUTPUTS[self.to].renderer(self.columns)
        if self.split_by is None:
            return render
        from concli.logs.output.split import SplitRenderer  # noqa: PLC0415 - start-up counts

        hides = self.columns is not None and self.split_field not in self.columns
        return SplitRenderer(render, self.split_by, hidden=self.split_field if hides else None)

    def header(self) -> bytes:
        """Return what comes before the first entry."""
        kind = OUTPUTS[self.to]
        return kind.renderer(self.columns).header if kind.fixed and not self.split_by else b""

    def open(self, inputs: Sequence[Input], length_of: Callable[[str], int | None] = lambda _: None) -> Outputs:
        """Open the outputs, unless they are inputs. ``length_of`` tells how much is to be kept of one to append to.

        Raises ``OutputError`` and ``UsageError``.
        """
        taken: dict[object, str] = {source.identity: f"the input {source.name}" for source in inputs if source.identity}
        taken[_identity(self.output)] = _free_or(taken, self.output, self.output or "-")
        entries = self._open_entries(length_of)
        if self.rejects is None:
            return Outputs(entries, None)
        try:
            _free_or(taken, self.rejects, self.rejects)
            rejects = AppendedFile(self.rejects, length_of(self.rejects)) if self._is_appended(self.rejects) else None
            return Outputs(entries, rejects or open_output(self.rejects))
        except BaseException:
            entries.abort()
            raise

    def _open_entries(self, length_of: Callable[[str], int | None]) -> Output:
        kind = OUTPUTS[self.to]
        if self.appends and (self.split_by or self.to in {"sqlite", "parquet"}):
            raise UsageError("--state and --follow append to one text file; leave out --split-by, sqlite and parquet")
        if self.split_by:
            from concli.logs.output.split import SplitOutput  # noqa: PLC0415 - as above

            ending, header = kind.endings[0] if kind.endings else ".log", kind.renderer(self.columns).header
            return SplitOutput(self.output, self.split_by, ending, header, lambda path: kind.open(path, self.columns))
        if self.output is not None and self._is_appended(self.output):
            return AppendedFile(self.output, length_of(self.output))
        return kind.open(self.output, self.columns)

    def _is_appended(self, path: str) -> bool:
        return self.appends and path != "-" and (not os.path.exists(path) or os.path.isfile(path))


def _free_or(taken: dict[object, str], path: str | None, what: str) -> str:
    """Return what to call an output; ``OutputError`` if it is something else already."""
    identity = _identity(path)
    if identity in taken:
        raise OutputError(path or "standard output", f"this is {taken[identity]}; write to another place")
    return f"the output {what}"


def _identity(path: str | None) -> object:
    """Return what tells the regular file at ``path``, there or not yet, from all others."""
    try:
        status = os.fstat(1) if path in (None, "-") else os.stat(path)
    except OSError:
        return os.path.realpath(path or "")
    return identity_of(status) if stat.S_ISREG(status.st_mode) else object()
