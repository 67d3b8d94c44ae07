"""The journal's own format of export: a field a line, and a blank line after each entry.

Source: https://systemd.io/JOURNAL_EXPORT_FORMATS. A value that holds line feeds comes on lines of its own, behind its
length in eight bytes.
"""

import re
from typing import Any

from concli.logs.formats.format import EntryScanner, Format, Reading
from concli.logs.formats.json_lines import JOURNALD_ROLES
from concli.logs.formats.records import RecordScanner

__all__ = ["JOURNALD_EXPORT"]

_BEGIN = "__CURSOR="
_LENGTH = 8  # bytes, little-endian


def _parse(record: str) -> dict[str, Any] | None:
    """Return the fields of an entry, a list for one that is there more than once; None if it is damaged."""
    if not record:
        return None
    data = record.encode("utf-8", "surrogateescape").rstrip(b"\n") + b"\n"
    fields: dict[str, Any] = {}
    at = 0
    while at < len(data):
        end = data.index(b"\n", at)
        name, equals, value = data[at:end].partition(b"=")
        if not equals:
            start = end + 1 + _LENGTH
            end = start + int.from_bytes(data[end + 1 : start], "little")
            if data[end : end + 1] != b"\n":
                return None
            value = data[start:end]
        _add(fields, name.decode("utf-8", "surrogateescape"), value.decode("utf-8", "surrogateescape"))
        at = end + 1
    return fields


def _add(fields: dict[str, Any], name: str, value: str) -> None:
    before = fields.get(name)
    if before is None:
        fields[name] = value
    elif isinstance(before, list):
        before.append(value)
    else:
        fields[name] = [before, value]


def _export(reading: Reading) -> EntryScanner:
    return RecordScanner(reading, _parse, JOURNALD_ROLES, "not journald-export", begin=_BEGIN)


JOURNALD_EXPORT = Format(
    "journald-export",
    "journald's export, journalctl -o export",
    b"__CURSOR=s=6f1c;i=1\n__REALTIME_TIMESTAMP=1795365343123456\nPRIORITY=6\n_PID=731\nSYSLOG_IDENTIFIER=sshd\n"
    b"MESSAGE=Server listening on 0.0.0.0 port 22.",
    re.compile(_BEGIN.encode()),
    _export,
    is_unmistakable=True,
)
