"""What a monitor object is: methods that take effect one at a time, and waits for what others change."""

from collections.abc import Iterator
from typing import Any

from concli.patterns.monitor_object import MonitorObject
from concli.verify.history import Call
from concli.verify.scenario import Operation, Spec

__all__ = ["MONITOR_OBJECT", "Account", "AccountModel"]


class Account(MonitorObject):
    """Money that is paid in and taken out, in all the ways to wait that a monitor has."""

    def __init__(self) -> None:
        self._balance = 0

    def deposit(self, amount: int) -> None:
        """Pay in."""
        self._balance += amount
        self.condition("coins").notify(amount)

    def withdraw(self, amount: int, timeout: float | None = None) -> bool:
        """Take out, as soon as there is enough; woken by whatever changes."""
        return self.wait_until(lambda: self._balance >= amount, timeout) and self._take(amount)

    def take_coin(self, timeout: float | None = None) -> bool:
        """Take one out; woken by a coin."""
        return self.condition("coins").wait_for(lambda: self._balance, timeout) and self._take(1)

    def wait_for_coin(self) -> bool:
        """Take one out; a loop around a bare wait."""
        while not self._balance:
            self.condition("coins").wait()
        return self._take(1)

    def exchange(self, give: int, take: int) -> bool:
        """Pay in, and take out as soon as there is enough: what is paid in is there for others meanwhile."""
        self.deposit(give)
        return self.withdraw(take)

    @property
    def balance(self) -> int:
        """What is there now."""
        return self._balance

    def _take(self, amount: int) -> bool:
        self._balance -= amount
        return True


class AccountModel:
    """The methods of ``Account``, and the balance."""

    initial = 0

    def arrive(self, state: int, call: Call) -> int | None:
        """Return the balance after the first half of an exchange."""
        return state + int(call.args[0]) if call.name == "exchange" else None

    def apply(self, state: int, call: Call) -> Iterator[tuple[Any, int]]:
        """Yield what the call may return, and the balance after it."""
        if call.name == "deposit":
            yield None, state + call.args[0]
            return
        if call.name == "balance":
            yield state, state
            return
        amount, timeout = {
            "withdraw": (call.args[:1], call.args[1:]),
            "take_coin": ((1,), call.args),
            "wait_for_coin": ((1,), ()),
            "exchange": (call.args[1:], ()),
        }[call.name]
        if state >= amount[0]:
            yield True, state - amount[0]
        elif timeout:
            yield False, state


def _nobody_is_lost(account: Account) -> bool:
    monitor = account._its_monitor  # noqa: SLF001 - that the monitor is left can't be seen from outside
    assert monitor.watchers == len(monitor.changed)  # noqa: S101 - that is what it is for
    return not monitor.mutex.locked() and monitor.owner is None


MONITOR_OBJECT = Spec(
    "MonitorObject",
    Account,
    lambda **_: AccountModel(),
    operations=[
        Operation("deposit", lambda random, _serial: (random.randint(1, 3),), 4),
        Operation("withdraw", lambda random, _serial: (random.randint(1, 3),), 2),
        Operation("withdraw", lambda random, _serial: (random.randint(1, 3), 1.0), 1),
        Operation("take_coin", weight=4),
        Operation("take_coin", lambda _random, _serial: (1.0,), 1),
        Operation("wait_for_coin", weight=3),
        Operation("exchange", lambda random, _serial: (random.randint(1, 2), random.randint(1, 2)), 1),
        Operation("balance"),
    ],
    actions={"balance": lambda account: account.balance},
    invariant=_nobody_is_lost,
    watched=(Account,),
    interrupts=1,
)
