"""A recording: samples as JSON lines, ``concli.monitor/1``.

The first line is an object with the schema, when it began and what was watched, and names the fields of a process and
of a thread. Each other line is a sample; its processes and threads are lists of values in the order of those fields.
"""

import json
from collections.abc import Callable, Generator, Mapping
from types import UnionType
from typing import Any, TypeVar, get_args, get_type_hints

from concli.errors import InputError
from concli.files import open_output
from concli.monitor.sample import ProcessSample, Sample, ThreadSample

__all__ = ["SCHEMA", "Recorder", "header_of", "replay"]

SCHEMA = "concli.monitor/1"
_LONGEST = 1 << 26  # bytes of a line

Row = TypeVar("Row", ProcessSample, ThreadSample)


class Recorder:
    """Writes samples to a file that appears when it is closed by ``commit``, as all outputs do.

    Raises ``OutputError``.
    """

    def __init__(self, path: str, about: Mapping[str, object]) -> None:
        """Begin with a line that says ``about`` what this is."""
        self._output = open_output(path)
        fields = {"process_fields": ProcessSample._fields, "thread_fields": ThreadSample._fields}
        try:
            self._write({"schema": SCHEMA, **about, **fields})
        except BaseException:
            self.abort()
            raise

    def add(self, sample: Sample) -> None:
        """Write a sample."""
        self._write(sample._asdict())

    def commit(self) -> None:
        """Close it, and put it in its place."""
        self._output.commit()

    def abort(self) -> None:
        """Close it, and leave its place as it was."""
        self._output.abort()

    def _write(self, line: Mapping[str, object]) -> None:
        self._output.write([json.dumps(line, separators=(",", ":")).encode() + b"\n"])


def replay(path: str) -> Generator[Sample]:
    """Yield the samples of a recording. A last line that is torn, as a crash leaves it, is left out.

    Raises ``InputError``, with the number of the line.
    """
    try:
        with open(path, "rb") as file:
            read = _reader(path, file.readline(_LONGEST))
            for number, line in enumerate(iter(lambda: file.readline(_LONGEST), b""), 2):
                try:
                    yield read(line)
                except (ValueError, TypeError, KeyError, RecursionError) as error:
                    if not line.endswith(b"\n") and len(line) < _LONGEST:
                        return
                    raise InputError(f"{path}:{number}", f"this is no sample of {SCHEMA}: {_line(error)}") from error
    except OSError as error:
        raise InputError(path, error) from error


def header_of(path: str) -> dict[str, Any]:
    """Return what the first line of a recording says: ``cpus``, and what its maker gave. Raises ``InputError``."""
    try:
        with open(path, "rb") as file:
            return _header(path, file.readline(_LONGEST))
    except OSError as error:
        raise InputError(path, error) from error


def _reader(path: str, header: bytes) -> Callable[[bytes], Sample]:
    """Return what makes a sample of a line, as the header says."""
    about = _header(path, header)
    try:
        process, thread = (
            _rows(ProcessSample, about.get("process_fields")),
            _rows(ThreadSample, about.get("thread_fields")),
        )
    except ValueError as error:
        raise InputError(f"{path}:1", f"this is no header of {SCHEMA}: {error}") from error

    def read(line: bytes) -> Sample:
        values = _load(line)
        return Sample(
            _checked(values["time_s"], float, "time_s"),
            _checked(values["wall"], str, "wall"),
            tuple(map(process, values["processes"])),
            tuple(map(thread, values["threads"])),
            tuple(_checked(pid, int, "gone") for pid in values["gone"]),
            _checked(values["problem"], str | None, "problem"),
        )

    return read


def _header(path: str, line: bytes) -> dict[str, Any]:
    try:
        about: dict[str, Any] = _load(line)
        schema = about["schema"]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise InputError(f"{path}:1", "this is no recording of concli monitor; --record FILE makes one") from None
    if schema != SCHEMA:
        raise InputError(f"{path}:1", f"its schema is {schema!r}, and not {SCHEMA}; use the concli that wrote it")
    cpus = about.get("cpus")
    if cpus is not None and (type(cpus) is not int or cpus < 1):
        raise InputError(f"{path}:1", f"this is no header of {SCHEMA}: cpus can't be {cpus!r:.40}")
    return about


def _rows(row: type[Row], fields: object) -> Callable[[list[Any]], Row]:
    """Return what makes a row of a list of values. Fields unknown here are passed over: a later concli wrote them."""
    if not isinstance(fields, list) or not all(isinstance(field, str) for field in fields):
        raise ValueError("the fields are not named")
    if missing := [name for name in row._fields if name not in row._field_defaults and name not in fields]:
        raise ValueError(f"there is no {missing[0]!r} in the fields")
    hints = get_type_hints(row)
    columns = [(name, fields.index(name), hints[name]) for name in row._fields if name in fields]

    def make(values: list[Any]) -> Row:
        if not isinstance(values, list) or len(values) != len(fields):
            raise ValueError(f"a row has not {len(fields)} values")
        return row(**{name: _checked(values[at], kind, name) for name, at, kind in columns})

    return make


def _checked(value: Any, kind: type | UnionType, name: str) -> Any:
    """Return the value, if it is of this kind; an integer will do for a float."""
    kinds = get_args(kind) or (kind,)
    if type(value) in kinds:
        return value
    if type(value) is int and float in kinds:
        return float(value)
    raise ValueError(f"{name} can't be {value!r:.40}")


def _load(line: bytes) -> Any:
    return json.loads(line, parse_constant=_refuse)


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no number")


def _line(error: Exception) -> str:
    return f"there is no {error}" if isinstance(error, KeyError) else str(error)
