"""Monitors with one mistake each."""

from concli.patterns._waiters import RawLock, Waiters
from concli.verify.models.monitor_object import Account


class WakesOne(Account):
    """Wakes one, however many coins there are."""

    def deposit(self, amount: int) -> None:
        self._balance += amount
        self.condition("coins").notify()


class IfForWhile(Account):
    """Takes it for granted, when it is woken, that there is a coin."""

    def wait_for_coin(self) -> bool:
        if not self._balance:
            self.condition("coins").wait()
        return self._take(1)


class TwoSteps(Account):
    """Waits in one method and takes in another: in between anybody may take."""

    def withdraw(self, amount: int, timeout: float | None = None) -> bool:
        return self.wait_until(lambda: self._balance >= amount, timeout)

    def take(self, amount: int) -> bool:
        return self._take(amount)


class _Ghosts(Waiters):
    """A line in which those stay who have given up: they are woken in place of others."""

    def _leave(self, me: RawLock) -> bool:
        self._began.pop(me, None)
        return me in self


def account_with_ghosts() -> Account:
    account = Account()
    account.condition("coins").line = _Ghosts()
    return account
