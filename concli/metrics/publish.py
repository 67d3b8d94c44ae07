"""What the threads of a program have counted, told to whoever asks; ``concli monitor`` does.

The program opens a Unix socket of its own. Each connection gets one line of JSON and is closed; as long as nobody
asks, a thread waits and nothing else happens. ``concli``'s own commands publish if ``CONCLI_PUBLISH`` is 1, as it is
for what ``concli monitor`` starts.

Choose it to see from outside what only the program knows. For what the system knows of its threads, nothing need be
published.

Source: unix(7) and, for whom one is connected to, ``SO_PEERCRED`` in it.

Who waits for whom::

    publisher --> a question, or the end of the block      published --> the answer, for a moment

>>> from concli.metrics import ThreadMonitor
>>> monitor = ThreadMonitor()
>>> with publish(monitor), monitor.watch():
...     monitor.count(operations=3)
...     [answer] = [one for one in published(os.getpid()).values() if one.operations]
>>> answer
Published(operations=3, errors=0, name='MainThread')
"""

import contextlib
import json
import os
import select
import socket
import stat
import struct
import tempfile
import threading
from collections.abc import Iterator
from typing import NamedTuple

from concli.errors import OutputError
from concli.metrics.thread_monitor import ThreadMonitor
from concli.patterns import ThreadGroup, _sync

__all__ = ["Published", "place_of", "publish", "published"]

_SCHEMA = "concli.threads/1"
_PATIENCE_S = 0.2  # with a reader that does not read, or a program that does not answer
_LONGEST = 1 << 22  # bytes of an answer
_CREDENTIALS = struct.Struct("3i")  # of a peer: process, user, group


class Published(NamedTuple):
    """What a program tells of one of its threads: its name there, and its counts, None if it is not watched."""

    operations: int | None
    errors: int | None
    name: str


def place_of(pid: int) -> str:
    """Return where a process publishes, if nothing else is agreed: where the user's sockets are, or what is temporary.

    >>> os.path.basename(place_of(17))
    'concli-monitor.17.sock'
    """
    return os.path.join(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir(), _name_of(pid))


@contextlib.contextmanager
def publish(monitor: ThreadMonitor, place: str | None = None) -> Iterator[str]:
    """Tell what this process's threads count, for as long as the block runs; gives the path of the socket.

    Only the same user may connect. What a process that was killed has left there is replaced. Raises ``OutputError``
    if there can't be a socket, or somebody publishes there already.
    """
    place = place or place_of(os.getpid())
    owner = os.getpid()
    listener = _listening(place)
    end, ending = os.pipe()
    group = ThreadGroup()
    try:
        group.spawn(_serve, listener, end, monitor, name="publisher")
        yield place
    finally:
        if os.getpid() == owner:  # a fork has neither the thread nor the right to remove the socket
            with contextlib.suppress(FileNotFoundError):
                os.unlink(place)
            os.write(ending, b"x")  # to close it would not do: a fork may have it open as well
            group.wait()
        os.close(end)
        os.close(ending)


def published(pid: int, place: str | None = None, *, timeout: float = _PATIENCE_S) -> dict[int, Published] | None:
    """Return what a process publishes of its threads, by their ids; None if it does not, or not in ``timeout`` seconds.

    Only the process itself is believed; where the system doesn't say who answers, what belongs to this user.
    """
    deadline = _sync.deadline_after(timeout)
    for path in [place] if place else _places(pid):
        try:
            answer = _answer(path, pid, deadline)
            if answer is not None:
                return _read(answer)
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            continue  # it does not publish there, has ended, is slow, or somebody else plays tricks
    return None


def _name_of(pid: int) -> str:
    return f"concli-monitor.{pid}.sock"


def _places(pid: int) -> list[str]:
    """Return where a process may publish: that it shares the environment is likely and not certain."""
    folders = [os.path.dirname(place_of(pid)), tempfile.gettempdir()]
    with contextlib.suppress(OSError):
        folders.insert(1, f"/run/user/{os.stat(f'/proc/{pid}').st_uid}")
    return [os.path.join(folder, _name_of(pid)) for folder in dict.fromkeys(folders)]


def _listening(place: str) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with contextlib.suppress(OSError):  # Linux takes over the mode; elsewhere `chmod` has to do
            os.fchmod(listener.fileno(), 0o600)
        _remove_stale(place)
        listener.bind(place)
        os.chmod(place, 0o600)
        listener.listen()
        listener.setblocking(False)  # who asked may have gone again
    except OSError as error:
        listener.close()
        raise OutputError(place, error) from error
    except BaseException:
        listener.close()
        raise
    return listener


def _remove_stale(place: str) -> None:
    """Remove the socket of a process that is no more."""
    try:
        if not stat.S_ISSOCK(os.lstat(place).st_mode):
            return  # to bind will fail, and say so
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.settimeout(_PATIENCE_S)
            client.connect(place)
    except FileNotFoundError:
        return
    except ConnectionRefusedError:
        os.unlink(place)
    else:
        raise OutputError(place, "something is published there already; end that first, or choose another place")


def _serve(listener: socket.socket, end: int, monitor: ThreadMonitor) -> None:
    poll = select.poll()
    poll.register(listener, select.POLLIN)
    poll.register(end, select.POLLIN)
    with listener:
        while not any(fd == end for fd, _ in poll.poll()):
            try:
                connection, _ = listener.accept()
            except (BlockingIOError, ConnectionAbortedError):
                continue
            except OSError:
                return  # no descriptor is left: who asks now is refused, which is better than to try without end
            with connection, contextlib.suppress(OSError):
                connection.settimeout(_PATIENCE_S)
                connection.sendall(_line(monitor))


def _line(monitor: ThreadMonitor) -> bytes:
    # Nothing here lets go of the GIL: with busy threads, each time would cost as much as all the rest.
    counted = monitor.counted()
    nothing = (None, None)
    threads = [
        (thread.native_id, thread.name, *counted.get(thread.native_id or 0, nothing))
        for thread in threading.enumerate()
        if thread.native_id
    ]
    return json.dumps({"schema": _SCHEMA, "pid": os.getpid(), "threads": threads}).encode() + b"\n"


def _answer(place: str, pid: int, deadline: float | None) -> bytes | None:
    """Return the line that the process publishes there; None if it isn't whole, or it is another process."""
    if _peer_is_told() or os.lstat(place).st_uid == os.geteuid():
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.settimeout(_left(deadline))
            client.connect(place)
            if _peer_is_told() and _peer(client) != pid:
                return None
            answer = bytearray()
            while len(answer) <= _LONGEST:
                client.settimeout(_left(deadline))
                piece = client.recv(1 << 16)
                answer += piece
                if not piece:
                    return bytes(answer)
    return None


def _read(answer: bytes) -> dict[int, Published]:
    """Return what is in a line. Raises ``ValueError``, ``TypeError`` or ``KeyError`` if it is no such line."""
    document = json.loads(answer)
    if document["schema"] != _SCHEMA:
        raise ValueError(document["schema"])
    return {
        int(tid): Published(_count(ops), _count(errors), str(name)) for tid, name, ops, errors in document["threads"]
    }


def _count(value: object) -> int | None:
    if value is not None and not isinstance(value, int):
        raise TypeError(value)
    return value


def _left(deadline: float | None) -> float | None:
    return None if deadline is None else max(_sync.remaining(deadline), 1e-3)  # 0 would mean: do not wait at all


def _peer_is_told() -> bool:
    return hasattr(socket, "SO_PEERCRED")


def _peer(client: socket.socket) -> int:
    """Return the process that listens at the other end."""
    pid: int = _CREDENTIALS.unpack(client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))[0]
    return pid
