"""Where tasks come out: each is counted and noted at once, and shown in its turn."""

from collections.abc import Callable
from typing import NamedTuple

from concli.patterns import Task, TaskStatus, _sync
from concli.tasks.items import Item
from concli.tasks.joblog import Done, Joblog, digest_of
from concli.tasks.records import Shown, record_of, told_of
from concli.tasks.writer import Writer

__all__ = ["Collector", "Failure"]

_NAMED = 100  # failures in the report
_AT_ONCE = 32  # tasks that leave are taken off together


class Failure(NamedTuple):
    """A task that failed: the number of its item, the stage, the error's type and what it says."""

    id: int
    stage: str
    type: str
    message: str


class Collector:
    """Takes the tasks of a run as they finish.

    ``take`` and ``finish`` are for one thread, ``admit`` is for that of the input. A task is noted in the joblog when
    it finishes, so that it is not done again even if one before it holds it back in an ``ordered`` output. No more
    than ``window`` tasks are at work or held back.
    """

    def __init__(
        self,
        writer: Writer,
        shown: Shown,
        *,
        ordered: bool,
        window: int,
        notes: bool = False,
        done: Done | None = None,
        shows_resumed: bool = False,
        on_failure: Callable[[Failure], object] = lambda _: None,
    ) -> None:
        self.resumed = 0  # written by the thread of the input
        self.failures: list[Failure] = []  # the first
        self._writer = writer
        self._shown = shown
        self._ordered = ordered
        self._notes = notes
        self._done = done
        self._look_up = done.reader() if done is not None else None  # for the thread of the input
        self._show_again = done.reader() if done is not None and shows_resumed else None
        self._on_failure = on_failure
        self._done_now = self._failed = self._cancelled = 0  # tasks that came out
        self._ids = self._squares = 0  # the sums of their ids
        self._held: dict[int, bytes] = {}  # what is shown of those whose turn has not come, by number
        self._turn = 0  # the number that is next
        self._highest = -1  # that has come out
        self._window = window
        self._at_once = max(1, min(_AT_ONCE, window // 2))
        self._admitted = 0  # written by the thread of the input
        self._leaving = 0  # tasks that have left, but not been taken off so far
        # The room guards these. Whoever admits may look without: it is never told that more have left than did.
        self._room = _sync.Condition()
        self._left = 0
        self._is_closed = False

    def admit(self, item: Item) -> bool | None:
        """Wait for room for a task; False if an earlier run has done it, None at the end."""
        if self._look_up is not None and (found := self._look_up(item.number)) is not None:
            if found["digest"] == digest_of(item):
                self.resumed += 1
                return False
            if self._done is not None:
                self._done.forget(item.number)  # another item stands there now
        if self._admitted - self._left >= self._window:
            with self._room:
                while self._admitted - self._left >= self._window and not self._is_closed:
                    self._room.wait()
        self._admitted += 1
        return None if self._is_closed else True

    def close(self) -> None:
        """Let the input go, and admit nothing more."""
        with self._room:
            self._is_closed = True
            self._room.notify_all()

    def take(self, task: Task[Item]) -> None:
        """Count a task that has come out, note it, and show what has its turn. Raises ``ShutDown`` after the end."""
        status, identity = task.status, task.id
        self._ids += identity
        self._squares += identity * identity
        if status is TaskStatus.DONE:
            self._done_now += 1
        elif status is TaskStatus.FAILED:
            self._failed += 1
            self._fail(task)
        else:
            self._cancelled += 1
        shown, noted = self._shown.now(task), b""
        if self._notes:
            record = shown if self._shown.now is record_of else record_of(task)
            noted = Joblog.line(digest_of(task.data), record)
            if self._ordered:
                self._writer.put(b"", noted)
        if not self._ordered:
            self._writer.put(shown, noted)
            self._leave(1)
            return
        number = task.data.number
        self._held[number] = shown
        self._highest = max(self._highest, number)
        self._show_held()

    def finish(self, read: int) -> None:
        """Show what is left: tasks that come after one that never came out, and of ``read`` items the resumed."""
        for number in range(self._turn, read) if self._show_again is not None else sorted(self._held):
            if number in self._held:
                self._writer.put(self._held.pop(number))
            else:
                self._show_resumed(number)

    @property
    def out(self) -> dict[str, int]:
        """How many tasks have come out, by how they ended."""
        return {"done": self._done_now, "failed": self._failed, "cancelled": self._cancelled}

    def is_each_once(self, count: int) -> bool:
        """Return whether the tasks that came out are those with the ids below ``count``, each once.

        The sums of their ids and of the squares are compared, which takes no memory.
        """
        ids, squares = count * (count - 1) // 2, (count - 1) * count * (2 * count - 1) // 6
        return (sum(self.out.values()), self._ids, self._squares) == (count, ids, squares)

    def _show_held(self) -> None:
        left = 0
        while True:
            shown = self._held.pop(self._turn, None)
            if shown is not None:
                self._writer.put(shown)
                left += 1
            elif not (self._turn < self._highest and self._done is not None and self._done.has(self._turn)):
                break
            else:
                self._show_resumed(self._turn)
            self._turn += 1
        if left:
            self._leave(left)

    def _show_resumed(self, number: int) -> None:
        if self._show_again is not None and (found := self._show_again(number)) is not None:
            self._writer.put(self._shown.again(found["record"]))

    def _leave(self, count: int) -> None:
        self._leaving += count
        # Nobody waits in vain for fewer: the window is larger, so more are inside, and these will leave as well.
        if self._leaving >= self._at_once:
            with self._room:
                self._left += self._leaving
                self._leaving = 0
                self._room.notify()

    def _fail(self, task: Task[Item]) -> None:
        if task.error is None:
            return
        failure = Failure(task.data.number, task.stage or "", *told_of(task.error))
        if len(self.failures) < _NAMED:
            self.failures.append(failure)
        self._on_failure(failure)
