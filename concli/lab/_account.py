"""What one thread has done of what is numbered: how many, and the sum of their numbers."""

from collections.abc import Iterable

__all__ = ["Account", "summed"]


class Account:
    """Calls or promises that one thread has dealt with. That thread alone writes to it."""

    __slots__ = ("cancelled", "count", "total", "wrong")

    def __init__(self) -> None:
        self.count = 0
        #: The sum of their numbers: where the counts agree, it shows one that came twice in place of another.
        self.total = 0
        #: Those that were given up at the end; they do not count.
        self.cancelled = 0
        #: The first that was not what it should have been, in words.
        self.wrong = ""

    def add(self, number: int) -> None:
        """Take in one more."""
        self.count += 1
        self.total += number


def summed(accounts: Iterable[Account]) -> Account:
    """Return all of them as one; what was wrong first of any."""
    whole = Account()
    for account in accounts:
        whole.count += account.count
        whole.total += account.total
        whole.cancelled += account.cancelled
        whole.wrong = whole.wrong or account.wrong
    return whole
