"""Worker: an actor, which is a thread that handles the messages to one name, one at a time.

Choose it for state that one thread owns and others ask about or change by messages. For work that
needs no state of its own a ``ThreadPool`` uses the machine better; for state that is called rather
than written to, a ``MonitorObject`` is simpler.

After C. Hewitt, P. Bishop and R. Steiger, "A universal modular actor formalism for artificial
intelligence" (1973); that an error is an answer and no end is Erlang's and pykka's.

Who waits for whom::

    the worker, while its mailbox is empty --> a message     request --> its handler     shutdown --> the last message

Classic mistake: to look at a worker's state from outside; nothing keeps it from changing. Ask for a
copy by a message::

    worker                         thread A
    handles x: seen.add(x)
                                   begins: for each in seen
    handles y: seen.add(y)
                                   goes on: seen has changed

Classic mistake: a handler that asks its own worker. What it needs of itself it calls::

    client                         worker
    request("total")
                                   handles it: request("count")
    waits for the worker           waits for itself, for ever

>>> channel = Channel()
>>> with Worker(channel, "square", lambda message: message.payload**2):
...     channel.request("square", 7).payload
49
"""

import contextlib
import contextvars
from collections.abc import Callable
from types import TracebackType
from typing import NamedTuple, Self

from concli.patterns import _sync
from concli.patterns._shutdown import ShutDown
from concli.patterns.channel import Channel
from concli.patterns.mailbox import MailboxStatistics, Message, MessageType, Policy

__all__ = ["Worker", "WorkerStatistics"]

_RESPONSE = MessageType.RESPONSE


class WorkerStatistics(NamedTuple):
    """A frozen snapshot: the messages handled, how many of them the handler raised for, and the mailbox."""

    handled: int
    failed: int
    mailbox: MailboxStatistics


class Worker:
    """A thread that calls ``handler(message)`` for each message to ``name``; CONTROL first.

    What the handler returns is the answer to a message that has a correlation id. What it raises is
    that too, as itself: ``Channel.request`` raises it again. Without one it is told to the sender, if
    that has a mailbox; else the message is a dead letter, ``failed``, with the error. The worker lives
    on in each case.

    The thread runs in a copy of the context of who started it and is a daemon. ``maxsize`` and
    ``full`` are those of ``Mailbox``. A handler that answers into a full mailbox may have to wait.
    """

    def __init__(
        self,
        channel: Channel,
        name: str,
        handler: Callable[[Message], object],
        *,
        maxsize: int = 1000,
        full: Policy = "block",
    ) -> None:
        self.name = name
        self.mailbox = channel.register(name, maxsize, full)
        self._channel = channel
        self._handler = handler
        self._mutex = _sync.Lock()
        self._thread: _sync.Thread | None = None  # guarded by the mutex
        self._is_ended = False  # guarded by the mutex; no thread will be started any more
        self._failure: BaseException | None = None  # written by the thread at its end, read after it
        self._handled = self._failed = 0  # written by the thread alone

    def start(self) -> None:
        """Start the thread; messages may have been sent before. Raises ``RuntimeError`` the second time."""
        run = contextvars.copy_context().run
        with self._mutex:
            if self._thread is not None or self._is_ended:
                raise RuntimeError("a worker can be started once, and not after its shutdown")
            thread = _sync.Thread(target=run, args=(self._run,), name=self.name, daemon=True)
            thread.start()
            self._thread = thread

    def shutdown(self, immediate: bool = False, wait: bool = True, timeout: float | None = None) -> bool:
        """Take no more messages, handle those inside, and end; False if that took over ``timeout`` seconds.

        With ``immediate`` those inside go to the dead letters. Raises what was thrown into the thread
        from outside, if that is what ended it. A handler may call it: then it doesn't wait.
        """
        deadline = _sync.deadline_after(timeout)
        self.mailbox.shutdown(immediate)
        with self._mutex:
            thread, was_ended, self._is_ended = self._thread, self._is_ended, True
        if thread is None:
            if not was_ended:
                self._leave()
            return True
        if not wait or thread is _sync.current_thread():
            return False
        thread.join(None if deadline is None else _sync.remaining(deadline))
        if thread.is_alive():
            return False
        failure, self._failure = self._failure, None
        if failure is not None:
            try:
                raise failure
            finally:
                del failure
        return True

    def statistics(self) -> WorkerStatistics:
        """Return a frozen snapshot."""
        return WorkerStatistics(self._handled, self._failed, self.mailbox.statistics())

    def _run(self) -> None:
        get, handler, respond = self.mailbox.get, self._handler, self._channel.respond
        try:
            while True:
                try:
                    message = get()
                except ShutDown:
                    break
                try:
                    result = handler(message)
                    if message.correlation_id is not None and message.kind is not _RESPONSE:
                        respond(message, result)
                    del result
                except BaseException as error:  # noqa: BLE001 - it is the answer
                    self._failed += 1
                    self._report(message, error)
                self._handled += 1
                del message  # or it would live until the next one comes
        except BaseException as failure:  # noqa: BLE001 - `shutdown` raises it
            self._failure = failure
        finally:
            self._leave()

    def _leave(self) -> None:
        with contextlib.suppress(LookupError):  # somebody else may have unregistered it, which ended the mailbox
            if self._channel.mailbox(self.name) is self.mailbox:
                self._channel.unregister(self.name)

    def _report(self, message: Message, error: BaseException) -> None:
        wants_to_know = message.correlation_id is not None or message.sender is not None
        if message.kind is not _RESPONSE and wants_to_know:
            self._channel.respond(message, error=error)
        else:
            self._channel.dead_letters.add(message, "failed", error)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.shutdown(immediate=error is not None)
