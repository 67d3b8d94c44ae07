"""Channels with one mistake each."""

from concli.patterns import Channel, Message
from concli.patterns._dead_letters import DeadLetters


class MixesUp(Channel):
    """An answer goes to whoever has waited longest, not to who asked."""

    def _answer(self, answer: Message) -> bool:
        if answer.correlation_id in self._pending:
            answer = answer._replace(correlation_id=next(iter(self._pending)))
        return super()._answer(answer)


class NeverForgets(Channel):
    """An answer that nobody waits for any more is taken for one that somebody got."""

    def respond(self, request: Message, payload: object = None, *, error: BaseException | None = None) -> bool:
        return super().respond(request, payload, error=error) or isinstance(request.correlation_id, int)


class TellsNobody(Channel):
    """Who asked one that has ended is not told that there will be no answer."""

    def __init__(self) -> None:
        super().__init__()
        self.dead_letters = DeadLetters()
