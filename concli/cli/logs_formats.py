"""``concli logs formats``: the formats of logs, and whether one's own are as they were meant."""

import json
from typing import TYPE_CHECKING, Any

import click

from concli.cli._output import put
from concli.cli.options import document_options, file_names
from concli.terminal import visible

if TYPE_CHECKING:
    from concli.logs.entries import Column, Scan
    from concli.logs.formats.format import Format

__all__ = ["formats"]


@click.command()
@click.option(
    "--check", metavar="FILE", shell_complete=file_names, help="Show what the formats in FILE make of their examples."
)
@document_options
def formats(*, as_json: bool, check: str | None) -> int:
    r"""List the formats of logs, with an example of each, or check formats of one's own.

    FILE is TOML. Each format in it has a name, a pattern whose groups timestamp, level and message are those of an
    entry and whose other named groups are its fields, and may have an example, levels and types. With --check every
    example is read and shown; the exit code is 1 if one is not wholly what its pattern matches.

    \b
    Examples:
      concli logs formats
      concli logs formats --check formats.toml

    \b
    A FILE:
      [[format]]
      name = "bakery"
      pattern = '(?P<timestamp>\S+ \S+) (?P<level>[A-Z]) oven=(?P<oven>\d+) (?P<message>.*)'
      example = "2026-11-22 16:35:43 W oven=2 the bread is dark"
      levels = { W = "WARNING", I = "INFO" }
      types = { oven = "number" }
    """
    from concli.logs.formats.own import load_formats  # noqa: PLC0415 - help must not wait for numpy
    from concli.logs.formats.registry import all_formats  # noqa: PLC0415

    checked = [_checked(each) for each in (load_formats(check) if check is not None else all_formats())]
    if as_json:
        put(json.dumps({"schema": "concli.formats/1", "formats": checked}, indent=2))
    else:
        put(visible("\n".join(_shown(checked, with_entries=check is not None))))
    return int(check is not None and not all(each["passed"] for each in checked))


def _checked(of: "Format") -> dict[str, Any]:
    """Return a format as a document, with what it makes of its example."""
    document: dict[str, Any] = {
        "name": of.name,
        "title": of.title,
        "fields": list(of.fields),
        "multiline": of.joins,
        "example": of.example.decode("utf-8", "replace"),
        "passed": True,
        "entries": [],
        "rejected": [],
    }
    if of.example:
        scan = _scan(of)
        document["entries"] = [_entry(scan, number) for number in range(scan.entries.size)]
        lines = document["example"].split("\n")
        document["rejected"] = [
            {"line": number + 1, "reason": reason, "text": lines[number]}
            for number, reason in zip(scan.rejected.tolist(), scan.reasons, strict=True)
        ]
        document["passed"] = bool(document["entries"]) and not document["rejected"]
    return document


def _scan(of: "Format") -> "Scan":
    import time  # noqa: PLC0415 - as above

    from concli.logs.chunk import PADDING, Chunk  # noqa: PLC0415 - as above
    from concli.logs.formats.format import Reading  # noqa: PLC0415 - as above
    from concli.logs.line_finder import LineFinder  # noqa: PLC0415 - as above

    text = of.example + b"\n"
    chunk = Chunk(bytearray(text + bytes(PADDING)), size=len(text), modified=time.time())
    chunk.mark_lines(LineFinder())
    return of.scanner(Reading()).scan(chunk)


def _entry(scan: "Scan", number: int) -> dict[str, Any]:
    entries = scan.entries
    return {
        "timestamp": _value(entries.timestamps, number),
        "level": entries.names[int(entries.levels[number])].decode("utf-8", "replace") or None,
        "message": _value(entries.messages, number),
        "fields": {name: _value(column, number) for name, column in entries.fields.items()},
    }


def _value(column: "Column", number: int) -> Any:
    value = column.value(number)
    if value is None:
        return None
    text = value.decode("utf-8", "replace")
    return text if column.kind == "text" else json.loads(text)


def _shown(checked: list[dict[str, Any]], *, with_entries: bool) -> list[str]:
    """Return the lines that show the formats."""
    lines: list[str] = []
    for each in checked:
        lines += ["", f"{each['name']}: {each['title']}"] if lines else [f"{each['name']}: {each['title']}"]
        lines += [f"    {line}" for line in each["example"].split("\n") if line]
        if not with_entries:
            continue
        for entry in each["entries"]:
            lines += [f"  {name} = {_short(entry[name])}" for name in ("timestamp", "level", "message") if entry[name]]
            lines += [f"  {name} = {_short(value)}" for name, value in entry["fields"].items() if value is not None]
        for reject in each["rejected"]:
            lines.append(f"  FAILED: line {reject['line']} of the example: {reject['reason']}: {reject['text']}")
        if not each["example"]:
            lines.append("  nothing to check: give it an example = ...")
        elif each["passed"]:
            lines.append(
                "  ok: {} {}".format(len(each["entries"]), "entry" if len(each["entries"]) == 1 else "entries")
            )
        elif not each["rejected"]:
            lines.append("  FAILED: the example has no entry")
    return lines


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text.replace("\n", "\\n")
