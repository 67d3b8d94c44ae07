"""The lab of the channel: clients ask workers by their names, or only tell them."""

from collections.abc import Callable, Iterable, Mapping

from concli.lab._conversation import Conversation, Shape
from concli.lab._mailboxes import peers
from concli.lab.experiment import Contender, Experiment
from concli.lab.load import Load
from concli.lab.worker import Worker
from concli.metrics import Check
from concli.metrics.report import QueueUsage
from concli.patterns import Channel, Message
from concli.patterns import Worker as Actor

__all__ = ["ChannelSubject", "Shape", "channel"]


def channel(shape: Shape) -> Experiment:
    """Return the experiment: ``Channel`` and its workers beside actors and queues of others."""
    return Experiment(Contender("Channel", lambda: ChannelSubject(shape)), peers(shape))


class ChannelSubject(Conversation):
    """A ``Channel`` whose workers run in threads of their own."""

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        self._channel = Channel()
        self._actors: list[_Watched] = []
        self._load: Load | None = None
        self.tell = self._channel.send

    def asker(self) -> Callable[[str, int], object]:
        """Return ``request``, and what it brings."""
        request = self._channel.request
        return lambda name, item: request(name, item).payload

    def start(self, load: Load) -> None:
        """Start the channel's workers, then the clients."""
        self._load = load
        for worker in load.of("worker"):
            self._actors.append(_Watched(self._channel, worker, self.handler(worker), self.shape, load))
        self.targets = [actor.name for actor in self._actors]
        for actor in self._actors:
            actor.start()
        for client in load.of("client"):
            load.spawn(client)

    def finish(self) -> None:
        """Let the workers handle what is inside, and see them end."""
        for actor in self._actors:
            actor.shutdown()

    def stop(self) -> None:
        """End all waits. What is inside goes to the dead letters."""
        self._channel.shutdown(immediate=True)

    def depth(self) -> int:
        """Return the number of messages in all mailboxes."""
        return sum(len(actor.mailbox) for actor in self._actors)

    def waited_s(self) -> Mapping[str, float]:
        """Return the seconds waited, by the mailboxes' statistics; they can't know of waits for an answer."""
        boxes = [actor.mailbox.statistics() for actor in self._actors]
        waited = {"worker": sum(box.get_wait_s for box in boxes)}
        if self.shape.mode == "send":
            waited["client"] = sum(box.put_wait_s for box in boxes)
        return waited

    def queue(self) -> QueueUsage | None:
        """Return the use of the mailboxes: the fullest there was, and the mean of one by the lab's samples."""
        boxes = [actor.mailbox.statistics() for actor in self._actors]
        if not boxes or self._load is None:
            return None
        size, samples = sum(box.depth for box in boxes), self._load.depths.samples
        mean = sum(samples) / len(samples) / len(boxes) if samples else 0.0
        return QueueUsage(self.shape.buffer, max(box.peak for box in boxes), mean, size, "messages")

    def figures(self) -> Mapping[str, object]:
        """Return the statistics of the workers, each with its mailbox, and of the channel."""
        now = self._channel.statistics()
        workers = {}
        for actor in self._actors:
            of = actor.statistics()
            workers[actor.name] = {"handled": of.handled, "failed": of.failed, "mailbox": of.mailbox._asdict()}
        return {"requests": now.requests, "pending": now.pending, "dead": now.dead, "workers": workers}

    def dead(self) -> Mapping[str, int]:
        """Return the dead letters that no worker has had in its hands."""
        counts = self._channel.dead_letters.counts()
        return {reason: n for reason, n in counts.items() if reason in {"unknown", "dropped", "stopped"}}

    def advice(self, load: Load) -> str | None:
        """Say so if messages found no room; nobody waits for it then, and who waits says nothing."""
        sent, handled = load.operations("client"), sum(self.handled)
        lost = sum(self.refused) + self.dead().get("dropped", 0)
        if not lost or not sent:
            return None
        return (
            f"{lost / sent:.1%} of the messages found no room: {sent:,} were sent and {handled:,} handled; "
            "more workers (--workers), quicker ones or a lower --rate would help; more room only with bursts"
        )

    def checks(self, load: Load) -> Iterable[Check]:
        """Check the messages, and that the pattern's own statistics say the same."""
        yield from super().checks(load)
        now = self._channel.statistics()
        workers = [actor.statistics() for actor in self._actors]
        handled, failed, injected = (
            sum(worker.handled for worker in workers),
            sum(worker.failed for worker in workers),
            sum(worker.injected for worker in load.of("worker")),
        )
        seen, uncertain = sum(self.handled), len(load.abandoned)
        detail = f"{handled:,} handled of {seen:,}, {failed:,} failed of {injected:,}, {now.pending:,} left open"
        adds_up = abs(handled - seen) <= uncertain and failed == injected and now.pending <= uncertain
        yield Check("the statistics add up", adds_up, detail)
        if self.shape.mode == "send":
            letters = now.dead.get("failed", 0)
            yield Check("every failure is a dead letter", letters == injected, f"{letters:,} of {injected:,}")
        size, peak = self.shape.buffer, max((worker.mailbox.peak for worker in workers), default=0)
        yield Check("never more inside than fits", not size or peak <= size, f"at most {peak:,} of {size:,}")


class _Watched(Actor):
    """A channel's worker whose thread the lab watches."""

    def __init__(
        self, channel: Channel, worker: Worker, handle: Callable[[int], int], shape: Shape, load: Load
    ) -> None:
        super().__init__(channel, worker.name, self._handle, maxsize=shape.buffer, full=shape.full)
        self._load, self._worker, self._answer = load, worker, handle

    def _handle(self, message: Message) -> int:
        return self._answer(message.payload)

    def _run(self) -> None:
        with self._load.at_work(self._worker):  # for the whole life of the thread, which nothing else shows
            super()._run()
