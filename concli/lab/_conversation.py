"""Clients that ask workers, or only tell them: the roles and the checks, whatever carries the messages.

Each client's messages are numbered and go to the workers in turn. The answer to a question is its
complement, so that neither another's answer nor a question can be taken for it.
"""

from collections.abc import Callable, Iterable, Mapping
from itertools import cycle
from queue import Full
from typing import Any, Literal, NamedTuple

from concli.lab._numbered import Tally
from concli.lab.experiment import Subject
from concli.lab.load import Load
from concli.lab.work import NO_WORK, Work
from concli.lab.worker import InjectedError, Role, Worker
from concli.metrics import Check
from concli.patterns import Policy, ShutDown, UndeliveredError

__all__ = ["Conversation", "Shape"]


class Shape(NamedTuple):
    """How many ask how many, whether they wait for the answer, and how large each worker's mailbox is."""

    clients: int = 1
    workers: int = 1
    mode: Literal["request", "send"] = "request"
    buffer: int = 64
    full: Policy = "block"
    work: Work = NO_WORK


class Conversation(Subject):
    """Clients and workers. A message is handled, left at the end, refused to its sender, or a dead letter."""

    #: Sends a message that wants no answer. Set by whoever makes what carries them.
    tell: Callable[[Any, int], object]
    #: Where the messages for each worker go; set before the clients start.
    targets: list[Any]

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.targets = []
        # By worker and by client; each thread writes its own place alone.
        self.tallies = [Tally(shape.clients) for _ in range(shape.workers)]
        self.handled = [0] * shape.workers
        self.left = [0] * shape.workers
        self.answered, self.wrong = [0] * shape.clients, [""] * shape.clients
        self.refused, self.undelivered = [0] * shape.clients, [0] * shape.clients
        self.has_stopped = False
        asks = shape.mode == "request"
        self.roles = (
            Role(
                "client",
                shape.clients,
                self.ask_all if asks else self.tell_all,
                counts=False,
                operation=shape.mode,
                waits_for="for answers" if asks else "for room",
                option="--clients",
            ),
            Role(
                "worker",
                shape.workers,
                self.serve,
                drives=False,
                operation="handle",
                work=shape.work,
                fails=True,
                waits_for="for messages",
                waits="starved",
                option="--workers",
            ),
        )

    def asker(self) -> Callable[[Any, int], object]:
        """Return the function by which the calling client asks; it returns the answer, or raises it."""
        raise NotImplementedError

    def serve(self, worker: Worker) -> None:
        """Handle messages until there are no more, where the workers are threads of the lab's own."""
        raise NotImplementedError

    def dead(self) -> Mapping[str, int]:
        """Return the messages that are known to have reached nobody, by the reason."""
        return {}

    def tell_all(self, client: Worker) -> None:
        """Send a client's messages."""
        tell, clients, item = self.tell, self.shape.clients, client.index
        for _, target in zip(client.laps(), self._in_turn(client), strict=False):
            try:
                tell(target, item)
            except Full:
                self.refused[client.index] += 1
            item += clients

    def ask_all(self, client: Worker) -> None:
        """Ask a client's questions, and look at the answers."""
        ask, clients, index, item = self.asker(), self.shape.clients, client.index, client.index
        for _, target in zip(client.laps(), self._in_turn(client), strict=False):
            try:
                answer = ask(target, item)
                self.answered[index] += 1
                if answer != ~item:
                    self.wrong[index] = self.wrong[index] or f"to {item} of {client.name} came {answer!r}"
            except InjectedError:
                client.failed += 1
            except Full:
                self.refused[index] += 1
            except UndeliveredError:
                self.undelivered[index] += 1
            item += clients

    def handler(self, worker: Worker) -> Callable[[int], int]:
        """Return the function that handles a worker's messages. An operation is what happens from one to the next."""
        index = worker.index
        see, handled, left = self.tallies[index].see, self.handled, self.left
        worker.pause = self.tallies[index].look
        laps, work = worker.laps(), worker.work
        tells = self.shape.mode == "send"
        has_begun = False

        def handle(item: int) -> int:
            nonlocal has_begun
            if self.has_stopped:
                left[index] += tells  # a question that ends so is not counted as asked
                raise ShutDown
            if not has_begun:
                has_begun = True
                next(laps, None)
            handled[index] += 1
            see(item)
            try:
                if work:
                    work()
            except InjectedError:
                if tells:  # else it is the answer, and the client's
                    worker.failed += 1
                raise
            finally:
                next(laps, None)  # None: after the end of the time there are no more
            return ~item

        return handle

    def totals(self, load: Load) -> Mapping[str, int]:
        """Return what became of all messages."""
        totals = {
            "sent": load.operations("client"),
            "handled": sum(self.handled),
            "refused": sum(self.refused),
            "dead": sum(self.dead().values()),
            "left": sum(self.left),
        }
        return totals if self.shape.mode == "send" else {**totals, "answered": sum(self.answered)}

    def checks(self, load: Load) -> Iterable[Check]:
        """Check that nothing is lost or comes twice, and that every question has its own answer."""
        sent, handled, elsewhere = load.operations("client"), sum(self.handled), self._elsewhere()
        uncertain = len(load.abandoned)
        detail = f"{sent:,} sent, {handled:,} handled, " + ", ".join(f"{n:,} {what}" for what, n in elsewhere.items())
        is_exact = abs(sent - handled - sum(elsewhere.values())) <= uncertain
        if not any(elsewhere.values()) and not uncertain:
            counts = [client.operations for client in load.of("client")]
            clients = len(counts)
            wanted = sum(clients * n * (n - 1) // 2 + index * n for index, n in enumerate(counts))
            if is_exact and sum(tally.total for tally in self.tallies) != wanted:
                is_exact = False
                detail += "; some came twice and others not at all"
        yield Check("nothing lost, nothing twice", is_exact, detail)
        disorder = next((tally.wrong for tally in self.tallies if tally.wrong), "")
        yield Check("in order per client", not disorder, disorder or f"{handled:,} messages")
        if self.shape.mode == "request":
            yield self._check_answers(load, sent)

    def _check_answers(self, load: Load, sent: int) -> Check:
        answered, failed = sum(self.answered), sum(client.failed for client in load.of("client"))
        in_vain = sum(self.refused) + sum(self.undelivered)
        wrong = next((wrong for wrong in self.wrong if wrong), "")
        detail = wrong or f"{sent:,} asked, {answered:,} answered, {failed:,} with an error, {in_vain:,} undelivered"
        is_right = not wrong and abs(answered + failed + in_vain - sent) <= len(load.abandoned)
        return Check("every request has its own answer", is_right, detail)

    def _elsewhere(self) -> dict[str, int]:
        """Return the messages that were not handled, by what became of them."""
        return {"refused": sum(self.refused), "left": sum(self.left), **self.dead()}

    def _in_turn(self, client: Worker) -> Iterable[Any]:
        begin = client.index % len(self.targets)
        return cycle(self.targets[begin:] + self.targets[:begin])
