"""Documents on standard output, for commands that print one and are done."""

import sys

import click

from concli.errors import OutputClosed, OutputError

__all__ = ["is_terminal", "put"]


def put(text: str) -> None:
    """Write a document to standard output; ``OutputError`` where that can't be done, ``OutputClosed`` if nobody reads.

    Click would make an exit code of its own of a closed pipe, and the boundary an internal error of a full disk.
    """
    if sys.stdout is None:  # closed before this process began
        raise OutputError("standard output", "it is closed")
    try:
        click.echo(text)
    except BrokenPipeError as error:
        raise OutputClosed("standard output", error) from error
    except OSError as error:
        raise OutputError("standard output", error) from error


def is_terminal(stream: object) -> bool:
    """Return whether a stream is a terminal; one that was closed before this process began is None, and is not."""
    try:
        return bool(stream.isatty())  # type: ignore[attr-defined]
    except (AttributeError, ValueError):
        return False
