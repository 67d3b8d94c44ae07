"""What the docstrings of the patterns tell: purpose, mistakes, who waits for whom, and what to try.

A lesson is a pattern's module docstring, taken apart. Its first line says what it is; the paragraph that
begins with "Choose" what it is for and what to take instead; one that begins with "Who waits for whom::"
stands before a diagram, and each that begins with "Classic mistake:" before an interleaving, one column a
thread with two spaces or more between them. In a diagram "a --> b" means that a waits for b; where three
spaces or more stand between two of those, each gets a line.

>>> lesson("rwlock").title
'Read-write lock'
"""

import ast
import difflib
import importlib
import inspect
import re
from typing import Any, NamedTuple

from concli.errors import ConcliError, UsageError

__all__ = ["LESSONS", "Lesson", "Mistake", "catalogue", "lesson"]

# The module and the command of each pattern; a command that several have is the first one's own.
LESSONS = {
    "producer-consumer": ("concli.patterns.producer_consumer", "producer-consumer"),
    "thread-pool": ("concli.patterns.thread_pool", "thread-pool"),
    "future": ("concli.patterns.future", "futures"),
    "monitor-object": ("concli.patterns.monitor_object", "monitor-object"),
    "barrier": ("concli.patterns.barrier", "matmul"),
    "rwlock": ("concli.patterns.rwlock", "rwlock"),
    "bounded-buffer": ("concli.patterns.bounded_buffer", "bounded-buffer"),
    "task-pipeline": ("concli.patterns.task_pipeline", "pipeline tasks"),
    "thread-local": ("concli.patterns.thread_local", "thread-local"),
    "channel": ("concli.patterns.channel", "channel"),
    "mailbox": ("concli.patterns.mailbox", "channel"),
    "worker": ("concli.patterns.worker", "channel"),
    "thread-group": ("concli.patterns.thread_group", "producer-consumer"),
    "resequencer": ("concli.patterns.resequencer", "pipeline tasks"),
    "sharded-counter": ("concli.patterns.sharded_counter", "monitor-object"),
    "thread-safe-dict": ("concli.patterns.thread_safe_dict", "rwlock"),
    "thread-logger": ("concli.patterns.thread_logger", "thread-local"),
    "thread-monitor": ("concli.metrics.thread_monitor", "monitor"),
}

_HEADING = re.compile(r"(Who waits for whom|Classic mistake: .*)::", re.DOTALL)
_SENTENCE_END = re.compile(r"(?<=\.)\s+(?=[A-Z])")
_EMPHASIS = re.compile(r"(?<!\w)\*(?=\w)|(?<=[\w?!])\*(?!\w)")


class Mistake(NamedTuple):
    """A way to get it wrong: what, the threads, and the steps in time, each a cell for each thread."""

    title: str
    threads: list[str]
    steps: list[list[str]]


class Lesson(NamedTuple):
    """What a module's docstring says of its pattern; ``command`` is concli's, if it has been built."""

    name: str
    title: str
    summary: str
    choose: str
    rather: str
    background: list[str]
    diagram: str
    mistakes: list[Mistake]
    imports: str
    example: str
    command: str


def catalogue() -> list[Lesson]:
    """Return all lessons."""
    return [lesson(name) for name in LESSONS]


def lesson(name: str) -> Lesson:
    """Return the lesson on a pattern, by its name, its class or its command; ``UsageError`` if there is none."""
    known = _find(name)
    module, command = LESSONS[known]
    loaded = importlib.import_module(module)
    if not loaded.__doc__:
        raise ConcliError(f"{module} has no docstring to explain it with; run Python without -OO")
    return _read(known, loaded.__doc__, module.rpartition(".")[0], command)


def _find(name: str) -> str:
    names = {_plain(known): known for known in LESSONS}
    for known, (_, command) in LESSONS.items():
        names.setdefault(_plain(command), known)
    for known, (module, _) in LESSONS.items():
        for each in importlib.import_module(module).__all__ if _plain(name) not in names else ():
            names.setdefault(_plain(each), known)
    if _plain(name) not in names:
        near = difflib.get_close_matches(_plain(name), names, 1)
        hint = f"; did you mean {names[near[0]]}?" if near else ""
        raise UsageError(
            f"there is no pattern {name!r}{hint or ': there are'} {'' if hint else ', '.join(LESSONS)}".rstrip()
        )
    return names[_plain(name)]


def _plain(name: str) -> str:
    return re.sub(r"[\W_]", "", name).lower()


def _read(name: str, docstring: str, package: str, command: str) -> Lesson:
    head, *paragraphs = re.split(r"\n\s*\n", inspect.cleandoc(docstring))
    title, _, summary = _prose(head).partition(": ")
    fields: dict[str, Any] = {"choose": "", "rather": "", "background": [], "diagram": "", "mistakes": []}
    example: list[str] = []
    for paragraph, block in zip(paragraphs, [*paragraphs[1:], ""], strict=True):
        heading = _HEADING.fullmatch(paragraph)
        if heading and heading[1].startswith("Who"):
            fields["diagram"] = re.sub(" {3,}", "\n", _dedent(block))
        elif heading:
            fields["mistakes"].append(_mistake(_prose(heading[1].partition(": ")[2]), _dedent(block)))
        elif paragraph.startswith("Choose"):
            fields["choose"], *rather = _SENTENCE_END.split(_prose(paragraph), maxsplit=1)
            fields["rather"] = "".join(rather)
        elif paragraph.startswith(">>>"):
            example.append(paragraph)
        elif not paragraph.startswith(" "):
            fields["background"].append(_prose(paragraph))
    return Lesson(
        name, title, summary or title, **fields, imports="", example="\n".join(example), command=command
    )._replace(imports=_imports(package, "\n".join(example)))


def _prose(text: str) -> str:
    """Return a paragraph on one line, names in it between single backticks, and nothing else marked."""
    return _EMPHASIS.sub("", " ".join(text.split())).replace("``", "`")


def _dedent(block: str) -> str:
    lines = block.splitlines()
    margin = min((len(line) - len(line.lstrip()) for line in lines), default=0)
    return "\n".join(line[margin:].rstrip() for line in lines)


def _mistake(title: str, block: str) -> Mistake:
    """Cut a block into its columns, where the names of the threads begin."""
    header, *rows = block.splitlines()
    starts = [match.start() for match in re.finditer(r"(?<!\S)(?<!\S )\S", header)]
    ends = [*starts[1:], None]
    cut = [[row[start:end].strip() for start, end in zip(starts, ends, strict=True)] for row in (header, *rows)]
    return Mistake(title, cut[0], cut[1:])


def _imports(package: str, example: str) -> str:
    """Return the import of those public names that the example uses."""
    public = set(importlib.import_module(package).__all__)
    source = "\n".join(line[4:] for line in example.splitlines() if line.startswith((">>> ", "...")))
    used = [node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name) and node.id in public]
    return f"from {package} import {', '.join(dict.fromkeys(used))}"
