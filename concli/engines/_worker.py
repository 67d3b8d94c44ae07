"""A worker process: it does units until its parent has no more, or is no more.

It is a fresh interpreter, so it imports only what it needs. Its parent is known by pipes: when the one that carries the
commands ends, the worker does. While it works on a unit nobody reads there; so there is another, on which nothing is
ever written, and the system itself kills the worker, with all it has started, when that one ends.
"""

import contextlib
import fcntl
import functools
import gc
import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

from concli.engines import _setup
from concli.engines._message import Channel, Gone, Message, pack
from concli.engines._regions import Regions
from concli.engines.engine import RemoteError

__all__ = ["Answer", "answer", "main"]

# Whether it went well, the result or the exception, the traceback's text, seconds of time and, since the start, of CPU.
Answer = tuple[bool, Any, str, float, float]


def main(commands: int, answers: int, file: int, shared: int, life: int) -> None:
    """Work, with these descriptors: a pipe of commands, one for answers, the two files, and the one that ends."""
    for fd in (commands, answers, file, shared, life):
        os.set_inheritable(fd, False)  # what a unit starts must not keep them open
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent says when to end
    _die_with_parent(life)
    regions = Regions(shared)
    channel = Channel(commands, answers, file, regions, _setup.loads)
    with contextlib.suppress(Gone):
        files, body, memory = channel.receive()
        channel.send(pack(True))
        # What it allocates for itself; what it shares is for the parent to bound.
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        memory = memory if hard == resource.RLIM_INFINITY else min(memory, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (memory, hard))
        setup = _setup.Setup(files, body)
        setup.register()

        @functools.cache
        def function_of() -> Callable[[Any], Any]:
            function = setup.build()
            gc.freeze()  # what there is will stay, so a collection need not look at it
            return function

        while True:
            channel.send(answer(function_of, channel.receive, regions, memory))


def answer(
    function_of: Callable[[], Callable[[Any], Any]],
    unit_of: Callable[[], Any],
    regions: Regions | None = None,
    memory: int | None = None,
) -> Message:
    """Do a unit and return the ``Answer``: its result, or what it, or anything on the way, has raised."""
    began = time.perf_counter()
    try:
        unit = unit_of()
        function = function_of()
        began = time.perf_counter()
        result = function(unit)
        busy_s = time.perf_counter() - began
        try:
            return pack((True, result, "", busy_s, time.process_time()), regions)
        except (MemoryError, RecursionError):
            raise
        except Exception as error:
            raise _setup.unsendable(f"a result, {type(result).__qualname__},", error) from error
    except Gone:
        raise
    except BaseException as error:  # noqa: BLE001 - the caller gets it
        import traceback  # noqa: PLC0415 - a fifth of the start-up

        text = "".join(traceback.format_exception(error))
        if isinstance(error, MemoryError) and memory is not None:
            error = MemoryError(f"a worker may use {memory:,} bytes, and needed more: {error or 'no more said'}")
        return pack((False, _sendable(error), text, time.perf_counter() - began, time.process_time()))


def _sendable(error: BaseException) -> BaseException:
    """Return the error if it survives the way, else one that tells of it."""
    try:
        _setup.loads(pack(error).body)
    except Exception:  # noqa: BLE001 - whatever its own methods raise
        return RemoteError(f"{type(error).__qualname__}: {error}")
    return error


def _die_with_parent(life: int) -> None:
    """Have the system kill this process group when the other end of the pipe is closed, whatever it is doing."""
    signal.signal(signal.SIGIO, signal.SIG_DFL)
    fcntl.fcntl(life, fcntl.F_SETOWN, -os.getpgrp())
    fcntl.fcntl(life, fcntl.F_SETFL, fcntl.fcntl(life, fcntl.F_GETFL) | os.O_ASYNC | os.O_NONBLOCK)
    with contextlib.suppress(BlockingIOError):  # nothing to read: the parent lives
        os.read(life, 1)
        sys.exit()
