"""Workers with one mistake each."""

from concli.patterns import ShutDown, Worker, _sync
from concli.patterns.mailbox import Message


class TwoThreads(Worker):
    """Is in two places at a time."""

    def start(self) -> None:
        super().start()
        _sync.Thread(target=self._run).start()


class EndsAtAnError(Worker):
    """A handler that raises takes the worker with it, and nobody is told."""

    def _report(self, message: Message, error: BaseException) -> None:
        del message, error
        raise ShutDown


class LeavesTheRest(Worker):
    """Ends as soon as it is told to, whatever is inside."""

    def shutdown(self, immediate: bool = False, wait: bool = True, timeout: float | None = None) -> bool:
        del immediate
        return super().shutdown(True, wait, timeout)
