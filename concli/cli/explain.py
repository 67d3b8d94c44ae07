"""``concli explain``: what a pattern is for, how it is got wrong, who waits for whom, what to try."""

import json
import os
import re
import shutil
import sys
import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import click
from click.shell_completion import CompletionItem

from concli.cli._output import is_terminal, put
from concli.cli.options import document_options

if TYPE_CHECKING:
    from concli.lab.explain import Lesson

__all__ = ["explain"]


class _Block(NamedTuple):
    """A part of what is shown: a heading and, below it, prose, lines that stay as they are, or columns."""

    heading: str
    prose: str = ""
    lines: list[str] = []  # noqa: RUF012 - nobody changes it
    columns: list[list[str]] = []  # noqa: RUF012 - as above; the first row is the header


def _patterns(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    from concli.lab.explain import LESSONS  # noqa: PLC0415 - help must not wait for it

    return [CompletionItem(name) for name in LESSONS if name.startswith(incomplete)]


@click.command()
@click.argument("pattern", required=False, shell_complete=_patterns)
@document_options
def explain(*, pattern: str | None, as_json: bool) -> int:
    r"""Explain PATTERN: what it is for, classic mistakes, who waits for whom, what to try.

    PATTERN is its name, its class or its command. Without it all are listed.

    \b
    Examples:
      concli explain rwlock
      concli explain --json BoundedBuffer | jq '.mistakes[].title'
    """
    from concli.lab.explain import catalogue, lesson  # noqa: PLC0415 - as above

    lessons = catalogue() if pattern is None else [lesson(pattern)]
    if as_json:
        documents = [_document(each) for each in lessons]
        document = {"patterns": documents} if pattern is None else documents[0]
        put(json.dumps({"schema": "concli.lesson/1", **document}, indent=2))
    elif pattern is None:
        _show([_list(lessons)])
    else:
        _show(list(_blocks(lessons[0])))
    return 0


def _document(one: "Lesson") -> dict[str, Any]:
    examples = _examples(one.command)
    command = None if examples is None else f"concli {one.command}"
    mistakes = [mistake._asdict() for mistake in one.mistakes]
    lines = [*(examples or []), *_verification(one.name)]
    return {**one._asdict(), "mistakes": mistakes, "command": command, "command_examples": lines}


def _examples(command: str) -> list[str] | None:
    """Return the examples in the help of a command of concli, or None if there is no such command."""
    found: click.Command | None = click.get_current_context().find_root().command
    for name in command.split():
        found = found.commands.get(name) if isinstance(found, click.Group) else None
    if found is None:
        return None
    _, _, examples = (found.help or "").partition("Examples:\n")
    return [line.strip() for line in examples.split("\n\n")[0].splitlines() if line.strip()]


def _verification(name: str) -> list[str]:
    """Return the call that looks for a schedule which breaks the pattern, if there is one."""
    from concli.verify.catalogue import PATTERNS  # noqa: PLC0415 - as above

    return [f"concli verify {name}"] if name in PATTERNS and _examples("verify") is not None else []


def _list(lessons: list["Lesson"]) -> _Block:
    rows = [[one.name, one.title, one.imports.rpartition("import ")[2]] for one in lessons]
    return _Block("concli explain PATTERN tells more.", columns=[["pattern", "what it is", "class"], *rows])


def _blocks(one: "Lesson") -> Iterator[_Block]:
    yield _Block(one.title, prose=_sentence(one.summary))
    yield _Block("When to choose it", prose=one.choose)
    yield _Block("When not to", prose=one.rather)
    yield _Block("Who waits for whom (a --> b: a waits for b)", lines=one.diagram.splitlines())
    for number, mistake in enumerate(one.mistakes, 1):
        title = f"Classic mistake {number}" if len(one.mistakes) > 1 else "Classic mistake"
        yield _Block(title, prose=_sentence(mistake.title), columns=[mistake.threads, *mistake.steps])
    for paragraph in one.background:
        yield _Block("Background", prose=paragraph)
    yield _Block("Try it in Python", lines=[f">>> {one.imports}", *one.example.splitlines()])
    examples = _examples(one.command)
    if examples == []:
        examples = [f"concli {one.command} --help"]
    lines = [*(examples or []), *_verification(one.name)]
    if lines:
        yield _Block("Try it in the shell", lines=lines)


def _sentence(text: str) -> str:
    """Return the text from a capital letter to a full stop."""
    return re.sub(r"^[a-z]", lambda match: match[0].upper(), text).rstrip(".") + "."


def _show(blocks: list[_Block]) -> None:
    if is_terminal(sys.stdout) and os.environ.get("TERM") != "dumb":
        _draw(blocks)
    else:
        put("\n\n".join("\n".join(_plain(block)) for block in blocks))


def _plain(block: _Block) -> Iterator[str]:
    """Yield a block as lines of text, for a pipe."""
    width = max(40, min(shutil.get_terminal_size().columns, 100))
    indent = "  "
    yield block.heading
    if block.prose:
        yield textwrap.fill(block.prose, width, initial_indent=indent, subsequent_indent=indent)
    if block.prose and block.columns:
        yield ""
    for line in block.lines:
        yield indent + line
    widths = [max(map(len, column)) for column in zip(*block.columns, strict=True)]
    for row in block.columns:
        cells = [cell.ljust(size) for cell, size in zip(row, widths, strict=True)]
        yield (indent + "   ".join(cells)).rstrip()


def _draw(blocks: list[_Block]) -> None:
    """Draw the blocks on a terminal."""
    from rich.console import Console  # noqa: PLC0415 - a pipe needs no colours
    from rich.padding import Padding  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    console = Console(highlight=False)
    for number, block in enumerate(blocks):
        if number:
            console.print()
        console.print(Text(block.heading, "bold cyan"))
        if block.prose:
            console.print(Padding(Text(block.prose), (0, 0, 1 if block.columns else 0, 2)))
        if block.lines:
            console.print(Padding(Text("\n".join(block.lines), "green"), (0, 0, 0, 2)))
        if block.columns:
            table = Table(box=None, padding=(0, 3, 0, 0), header_style="dim")
            for name in block.columns[0]:
                table.add_column(name)
            for row in block.columns[1:]:
                table.add_row(*map(Text, row))
            console.print(Padding(table, (0, 0, 0, 2)))
