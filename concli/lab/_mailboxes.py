"""What others carry messages in, under the same load. None has a policy for what is full: they wait, or grow."""

import queue
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from importlib import import_module
from typing import Any

from concli.lab._conversation import Conversation, Shape
from concli.lab._numbered import END
from concli.lab.experiment import Contender
from concli.lab.load import Load
from concli.lab.worker import InjectedError, Worker
from concli.patterns import ShutDown

__all__ = ["peers"]


def peers(shape: Shape) -> Sequence[Contender]:
    """Return what one would otherwise use."""
    waits = "waits when it is full" if shape.full != "block" else ""
    return (
        Contender("pykka", lambda: _Pykka(shape), "has no bound"),
        Contender("queue.Queue", lambda: _Queues(shape), waits),
    )


class _Foreign(Conversation):
    def stop(self) -> None:
        self.has_stopped = True  # what is inside is handed on and counted, but not worked on any more


class _Queues(_Foreign):
    """A ``queue.Queue`` for each worker; with each question comes the queue for its answer."""

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        self.targets = [queue.Queue(shape.buffer) for _ in range(shape.workers)]
        self.tell = lambda target, item: target.put((item, None))

    def asker(self) -> Callable[[Any, int], object]:
        replies: queue.Queue[object] = queue.Queue()
        get = replies.get

        def ask(target: Any, item: int) -> object:
            target.put((item, replies))
            answer = get()
            if isinstance(answer, Exception):
                raise answer
            return answer

        return ask

    def serve(self, worker: Worker) -> None:
        get, handle = self.targets[worker.index].get, self.handler(worker)
        while True:
            item, replies = get()
            if item == END:
                return
            answer: object
            try:
                answer = handle(item)
            except (InjectedError, ShutDown) as error:
                answer = error
            if replies is not None:
                replies.put(answer)

    def finish(self) -> None:
        for target in self.targets:
            target.put((END, None))


class _Pykka(_Foreign):
    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        self._pykka = import_module("pykka")
        self.tell = lambda target, item: target.tell(item)

    def asker(self) -> Callable[[Any, int], object]:
        return lambda target, item: target.ask(item)

    def start(self, load: Load) -> None:
        base: Any = self._pykka.ThreadingActor
        for worker in load.of("worker"):
            self.targets.append(self._start_actor(base, load, worker))
        for client in load.of("client"):
            load.spawn(client)

    def finish(self) -> None:
        for target in self.targets:
            target.stop()

    def _start_actor(self, base: Any, load: Load, worker: Worker) -> Any:
        life, handle, tells = ExitStack(), self.handler(worker), self.shape.mode == "send"

        def on_receive(_: object, item: int) -> int | None:
            if not tells:
                return handle(item)
            with suppress(InjectedError, ShutDown):  # an actor that fails at what it was told ends
                handle(item)
            return None

        members = {
            "use_daemon_thread": True,
            "on_start": lambda _: life.enter_context(load.at_work(worker)),
            "on_stop": lambda _: life.close(),
            "on_receive": on_receive,
        }
        return type("_Actor", (base,), members).start()  # type: ignore[attr-defined]  # of a class without types
