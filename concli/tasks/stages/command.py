"""A stage that runs a command for each item: ``sh:COMMAND``."""

import json
import os
import shlex
import weakref
from typing import Any

from concli.tasks.stages._spawn import make_spawn
from concli.tasks.stages.failure import CommandFailed
from concli.tasks.stages.process import Cancelled, Process
from concli.tasks.stages.template import Template

__all__ = ["Command"]


class Command:
    """A command; what it writes to its standard output, without the last line's end, is the result.

    The item takes the places in the command (see ``template.py``) or, with ``stdin``, is its standard input, as a
    line. An item that is no text is given as JSON. A command runs in a process group of its own, which is killed
    when it takes longer than ``timeout`` seconds, with ``TimeoutError``, and by ``cancel``.

    Output that is not UTF-8 is kept by ``surrogateescape``. Raises ``UsageError`` for a place that can't be; a call
    raises ``CommandFailed``, and ``ValueError`` for an item that no command can be given.

    >>> Command("basename {.}")("/data/a.txt")
    'a'
    >>> Command("ls -d {}", timeout=5.0)("/nowhere")
    Traceback (most recent call last):
        ...
    concli.tasks.stages.failure.CommandFailed: exit status 2: ls: cannot access '/nowhere': No such file or directory
    """

    kills_at_timeout = True

    def __init__(self, text: str, *, stdin: bool = False, timeout: float | None = None) -> None:
        self._template = Template(text, appends=not stdin)
        self._stdin = stdin
        self._timeout = timeout
        self._spawn = make_spawn(os.environb)
        # Whose writing end is closed by cancel(): that all who wait see, now and later.
        self._cancelled, cancel = os.pipe()
        self._cancel = weakref.finalize(self, os.close, cancel)
        weakref.finalize(self, os.close, self._cancelled)

    def __call__(self, item: Any) -> str:
        """Run the command for ``item``."""
        text = _text(item)
        try:
            words = self._template.words(text)
            given = f"{text}\n".encode("utf-8", "surrogateescape") if self._stdin else None
            if not self._cancel.alive:
                raise Cancelled
            process = Process(self._spawn, self._template.program, words, given)
        except ValueError as error:
            raise ValueError(_unfit(text)) from error
        except OSError as error:
            raise CommandFailed(f"{self._template.program} can't be started: {_reason(error)}") from error
        except Cancelled:
            raise CommandFailed("not started: the run is ending") from None
        try:
            ended = process.result(self._timeout, self._cancelled)
        except TimeoutError:
            raise TimeoutError(f"took longer than {self._timeout:g} s and was killed") from None
        except Cancelled:
            raise CommandFailed("killed: the run is ending") from None
        if ended.status:
            raise CommandFailed.of(ended.status, ended.stderr)
        return ended.stdout.decode("utf-8", "surrogateescape").removesuffix("\n")

    def describe(self, item: Any) -> str:
        """Return the command line as one would write it in a shell."""
        text = _text(item)
        shown = self._template.shown(text)
        return f"printf '%s\\n' {shlex.quote(text)} | {shown}" if self._stdin else shown

    def cancel(self) -> None:
        """Kill what runs; calls to come fail at once. The calls return, with ``CommandFailed``, when all is gone."""
        self._cancel()


def _text(item: Any) -> str:
    if isinstance(item, str):
        return item
    if isinstance(item, bytes):
        return item.decode("utf-8", "surrogateescape")
    return json.dumps(item, ensure_ascii=False, default=str)


def _unfit(text: str) -> str:
    if "\0" in text:
        return "the item has a NUL character, which no command line can hold; use --stdin"
    return "the item has half a surrogate pair, which is no character"


def _reason(error: OSError) -> str:
    reason = (os.strerror(error.errno) if error.errno else str(error)).lower()
    return f"{reason}; give long items by --stdin" if isinstance(error, OSError) and error.errno == 7 else reason
