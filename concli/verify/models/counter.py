"""What a counter is: a number, and those who wait until it is large enough."""

from collections.abc import Iterator
from typing import Any

from concli.patterns.monitor_object import Counter
from concli.verify.history import Call
from concli.verify.scenario import Operation, Spec

__all__ = ["COUNTER", "CounterModel"]


class CounterModel:
    """The calls ``increment``, ``value`` and ``wait_at_least``."""

    initial = 0

    def apply(self, state: int, call: Call) -> Iterator[tuple[Any, int]]:
        """Yield what the call may return, and the number after it."""
        if call.name == "increment":
            amount = call.args[0] if call.args else 1
            yield state + amount, state + amount
        elif call.name == "value":
            yield state, state
        elif state >= call.args[0]:
            yield True, state
        elif len(call.args) > 1:
            yield False, state


def _nobody_is_lost(counter: Counter) -> bool:
    monitor = counter._its_monitor  # noqa: SLF001 - that the monitor is left can't be seen from outside
    return not monitor.mutex.locked() and monitor.owner is None and monitor.watchers == counter.statistics().waiting


COUNTER = Spec(
    "Counter",
    Counter,
    lambda **_: CounterModel(),
    operations=[
        Operation("increment", weight=4),
        Operation("increment", lambda random, _serial: (random.choice([-1, 2, 3]),), 2),
        Operation("value"),
        Operation("wait_at_least", lambda random, _serial: (random.randint(1, 4),), 3),
        Operation("wait_at_least", lambda random, _serial: (random.randint(1, 4), 1.0), 1),
    ],
    actions={"value": lambda counter: counter.value},
    invariant=_nobody_is_lost,
    watched=(Counter,),
    interrupts=1,
)
