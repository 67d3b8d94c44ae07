"""Who is there, and who has subscribed to what: the part of a channel that changes seldom."""

from concli.patterns import _sync
from concli.patterns._dead_letters import DeadLetters
from concli.patterns._shutdown import ShutDown
from concli.patterns.mailbox import Mailbox, Policy

__all__ = ["Directory"]


class Directory:
    """Mailboxes by name, and names by topic."""

    def __init__(self, dead_letters: DeadLetters) -> None:
        self.dead_letters = dead_letters
        # The mutex guards all changes to the fields below. They are read without it: to get a key of a
        # dict is atomic on all builds, and what `_topics` holds is replaced and never changed.
        self._mutex = _sync.Lock()
        self._mailboxes: dict[str, Mailbox] = {}
        self._topics: dict[str, tuple[str, ...]] = {}
        self._is_shutdown = False

    def register(self, name: str, maxsize: int = 1000, full: Policy = "block") -> Mailbox:
        """Make and return a mailbox that is called ``name``; see ``Mailbox`` for the rest.

        Raises ``ValueError`` if there is one of that name, and ``ShutDown`` if the channel has ended.
        """
        mailbox = Mailbox(maxsize, full, dead_letters=self.dead_letters)
        with self._mutex:
            if self._is_shutdown:
                raise ShutDown
            if name in self._mailboxes:
                raise ValueError(f"there is a mailbox {name!r} already")
            self._mailboxes[name] = mailbox
        return mailbox

    def unregister(self, name: str) -> None:
        """End a mailbox and its subscriptions; what is inside goes to the dead letters.

        Raises ``LookupError`` if there is none.
        """
        self.mailbox(name).shutdown(immediate=True)
        with self._mutex:
            self._mailboxes.pop(name, None)
            for topic, names in list(self._topics.items()):
                self._set_subscribers(topic, tuple(other for other in names if other != name))

    def mailbox(self, name: str) -> Mailbox:
        """Return the mailbox called ``name``. Raises ``LookupError`` if there is none."""
        mailbox = self._mailboxes.get(name)
        if mailbox is None:
            raise LookupError(f"there is no mailbox {name!r}")
        return mailbox

    def subscribe(self, name: str, *topics: str) -> None:
        """Have what is published on ``topics`` delivered to ``name``, once however often it is said.

        Raises ``LookupError`` if there is no such mailbox.
        """
        with self._mutex:
            self.mailbox(name)
            for topic in topics:
                self._set_subscribers(topic, tuple(dict.fromkeys((*self._topics.get(topic, ()), name))))

    def unsubscribe(self, name: str, *topics: str) -> None:
        """Take a subscription back; no error if there was none."""
        with self._mutex:
            for topic in topics:
                self._set_subscribers(topic, tuple(other for other in self._topics.get(topic, ()) if other != name))

    def _set_subscribers(self, topic: str, names: tuple[str, ...]) -> None:
        if names:
            self._topics[topic] = names
        else:
            self._topics.pop(topic, None)

    def shutdown(self, immediate: bool = False) -> None:
        """End the channel: nothing more can be sent, and what is inside can still be received.

        With ``immediate`` what is inside goes to the dead letters.
        """
        with self._mutex:
            self._is_shutdown = True
            mailboxes = list(self._mailboxes.values())
        for mailbox in mailboxes:
            mailbox.shutdown(immediate)
