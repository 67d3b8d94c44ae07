"""Counters with one mistake each."""

from concli.patterns import Counter
from concli.patterns.monitor_object import _guards_itself


class CheckThenAct(Counter):
    """Leaves the monitor between the look and the change."""

    @_guards_itself
    def increment(self, amount: int = 1) -> int:
        value = self.value
        return self._set(value + amount)

    def _set(self, value: int) -> int:
        with self._its_monitor.mutex:
            self._value = value
            self._its_monitor.changed.wake_all()
        return value


class TellsNobody(Counter):
    """An increment that wakes nobody."""

    @_guards_itself
    def increment(self, amount: int = 1) -> int:
        with self._its_monitor.mutex:
            self._value += amount
            return self._value


class IfForWhile(Counter):
    """Takes it for granted, when it is woken, that there is enough."""

    def wait_at_least(self, value: int, timeout: float | None = None) -> bool:
        return self._value >= value or self.condition("enough").wait(timeout)

    def increment(self, amount: int = 1) -> int:
        self._value += amount
        self.condition("enough").notify_all()
        return self._value
