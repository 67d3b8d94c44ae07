"""Inputs that are followed while somebody writes to them, as ``tail -F`` does.

A file is followed by its name. When another file has taken its place, or it has become shorter, it is read to its
end and then what is there now from its beginning. It need not be there yet, and may go away for a while.
There is no call of all systems that tells of a change, so files are looked at a few times a second.

A file that is cut short and within that time grows to more than it was before is not noticed to have been.
"""

import os
import select
import stat
import time
from collections.abc import Callable, Iterator, Sequence

from concli.logs.chunk import Chunk
from concli.logs.inputs import Input, InputFile, identity_of
from concli.logs.opening import open_text
from concli.logs.stream import Plan, Pool, Stream

__all__ = ["Follower", "Tail"]

# Between two looks at files in which there was nothing new.
_LOOK_EVERY_S = 0.2
# For how long a file that another has taken the place of is still read: who writes to it may not know yet.
_GRACE_S = 0.5


class Tail(InputFile):
    """A file that others may still write to. Its end is when nothing more can come."""

    def __init__(self, source: Input, cancelled: int) -> None:
        super().__init__(source, cancelled)
        self._path = source.path
        self._replaced_at: float | None = None  # when another file was first seen in its place
        self._stop = select.poll()
        self._stop.register(cancelled, select.POLLIN)
        self.is_over = False

    def readinto(self, view: memoryview) -> int:
        """Fill ``view`` with what there is, waiting for at least a byte; 0 at the end."""
        while not self._has_new() and not self.is_over:
            if self._stop.poll(_LOOK_EVERY_S * 1000):
                return 0
        return 0 if self.is_over else os.readv(self._fd, [view])

    def has_more(self, timeout_s: float = 0.0) -> bool:
        """Return whether a read would return at once, waiting that long for it to be so."""
        until = time.monotonic() + timeout_s
        while not self._has_new() and not self.is_over:
            left_s = until - time.monotonic()
            if left_s <= 0 or self._stop.poll(min(left_s, _LOOK_EVERY_S) * 1000):
                return False
        return True

    def _has_new(self) -> bool:
        """Return whether there is something to read; sets ``is_over``."""
        at, size = os.lseek(self._fd, 0, os.SEEK_CUR), os.fstat(self._fd).st_size
        if size > at:
            self._replaced_at = None
            return not self.is_over
        now = time.monotonic()
        if size < at:
            self.is_over = True
        elif self._is_in_place():
            self._replaced_at = None
        elif self._replaced_at is None:
            self._replaced_at = now
        else:
            self.is_over = now - self._replaced_at >= _GRACE_S
        return False

    def _is_in_place(self) -> bool:
        """Return whether the file, or nothing, is where it was."""
        try:
            return self._path is None or identity_of(os.stat(self._path)) == self.identity
        except OSError:
            return True


class _Followed:
    """One input that is followed: one file after the other, if it has a name."""

    def __init__(self, source: Input, follower: "Follower") -> None:
        self.file: InputFile | None = None
        self.is_done = False
        self._source = source
        self._follower = follower
        self._stream: Stream | None = None
        self._complaint = ""

    def next(self) -> Chunk | None:
        """Return the next chunk, if there is one by now."""
        try:
            if not self.file:
                self.file = self._open()
            if not self._stream and self.file.has_more():
                self._stream = self._begin(self.file)
        except FileNotFoundError:
            return None
        except OSError as error:
            self._complain(error)
            return None
        if not self._stream or not self._stream.is_ready():
            return None
        chunk = self._stream.next()
        if self._stream.has_ended:
            self._follower.tell(self._source, self._stream.problem)
            self.is_done = self._source.identity is None or self._stream.problem is not None
            self._source = self._source._replace(start=self._stream.place._replace(offset=0, line=1))
            self.close()
        return chunk

    def last(self) -> Chunk | None:
        """Return the chunk of what has been read and was held back."""
        if not self._stream:
            return None
        chunk = self._stream.next(is_last=True)
        self._follower.tell(self._source, self._stream.problem)
        return chunk

    def close(self) -> None:
        """Give the descriptor back."""
        if self.file:
            self.file.close()
        self.file = self._stream = None

    def _open(self) -> InputFile:
        source = self._source
        status = os.fstat(0) if source.path is None else os.stat(source.path)
        file = (Tail if stat.S_ISREG(status.st_mode) else InputFile)(source, self._follower.cancelled)
        start = source.start
        if start.offset and file.identity != source.identity:
            start = start._replace(offset=0, line=1)
        self._source = source._replace(identity=file.identity, start=start)
        return file

    def _begin(self, file: InputFile) -> Stream:
        source, follower = self._source, self._follower
        text = open_text(file, follower.encoding, source.start)
        return Stream(
            source,
            text,
            follower.pool,
            follower.plan,
            keeps_rest=lambda: source.keeps_rest and not (isinstance(file, Tail) and file.is_over),
            waits=False,
        )

    def _complain(self, error: OSError) -> None:
        """Report what is wrong, once; it is tried again, unless there is a file and nothing to be made of it."""
        self.is_done = self.file is not None
        self.close()
        if str(error) != self._complaint:
            self._complaint = str(error)
            self._follower.tell(self._source, error)


class Follower:
    """Iterates over the chunks of all inputs as they come, until ``cancelled`` becomes readable or all have ended.

    Those with a name of a file do not end. ``tell`` is told how each one did that has, and what is wrong.
    """

    def __init__(
        self,
        inputs: Sequence[Input],
        pool: Pool,
        plan: Plan,
        encoding: str,
        cancelled: int,
        tell: Callable[[Input, OSError | None], object],
    ) -> None:
        self.pool = pool
        self.plan = plan
        self.encoding = encoding
        self.cancelled = cancelled
        self.tell = tell
        self.waited_s = 0.0
        self._followed = [_Followed(source, self) for source in inputs]

    def __iter__(self) -> Iterator[Chunk]:
        timeout_s = 0.0
        while self._followed and not self._wait(timeout_s):
            timeout_s = _LOOK_EVERY_S
            for followed in self._followed:
                chunk = followed.next()
                if chunk:
                    timeout_s = 0.0
                    yield chunk
            self._followed = [followed for followed in self._followed if not followed.is_done]
        for followed in self._followed:
            chunk = followed.last()
            if chunk:
                yield chunk

    def _wait(self, timeout_s: float) -> bool:
        """Wait until something may have come; return whether that has been cancelled."""
        poll = select.poll()
        poll.register(self.cancelled, select.POLLIN)
        for followed in self._followed:
            if followed.file and not isinstance(followed.file, Tail):
                poll.register(followed.file.fileno(), select.POLLIN)
        began = time.monotonic()
        ready = poll.poll(timeout_s * 1000)
        if timeout_s:
            self.waited_s += time.monotonic() - began
        return any(fd == self.cancelled for fd, _ in ready)

    def close(self) -> None:
        """Give the descriptors back."""
        for followed in self._followed:
            followed.close()
