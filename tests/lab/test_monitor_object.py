"""The lab of the monitor object passes its checks, and fails them where it should."""

from itertools import chain
from typing import Any

import pytest

from concli.lab import Load, Workload, parse_work
from concli.lab.monitor_object import AccountSubject, MonitorSubject, Shape, monitor_object
from concli.metrics import Check
from concli.patterns import Counter

SLOW = parse_work("sleep:1ms")


def checked(subject: Any, **workload: Any) -> dict[str, Check]:
    load = Load(subject, Workload(**workload))
    load.run()
    assert load.failures == ()
    return {check.name: check for check in subject.checks(load)}


def failed(checks: dict[str, Check]) -> set[str]:
    return {name for name, check in checks.items() if not check.passed}


SHAPES = [
    Shape(),
    Shape(workers=5, balance=2),
    Shape(counter="sharded"),
    Shape(workers=3, work=parse_work("hash:2KiB")),
]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("workload", [{"ops": 2001}, {"duration_s": 0.05, "fail": 0.1}])
def test_every_contender_passes_its_checks(shape: Shape, workload: dict[str, Any]) -> None:
    experiment = monitor_object(shape)
    for contender in chain([experiment.ours], experiment.peers):
        assert failed(checked(contender.make(), **workload)) == set(), contender.name


def test_who_cannot_wait_is_compared_only_where_nobody_has_to() -> None:
    assert [peer.name for peer in monitor_object(Shape(workers=3, balance=2)).peers] == ["threading.Condition"]
    assert len(monitor_object(Shape(workers=3, balance=3)).peers) == 3


class LetsAllIn(MonitorSubject):
    """The account is changed from outside of the monitor."""

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        self.account.withdraw = self.account._take  # type: ignore[method-assign]


class Forgets(Counter):
    def increment(self, amount: int = 1) -> int:
        return super().increment(0 if self._value == 50 else amount)


class Twice(Counter):
    """Counts right, and gives one caller the number of another."""

    def increment(self, amount: int = 1) -> int:
        number = super().increment(amount)
        return number if number != 50 else 51


def test_threads_inside_at_the_same_time_find_the_fields_at_odds() -> None:
    checks = checked(LetsAllIn(Shape(workers=3, work=SLOW)), ops=60)
    assert "the invariant between the fields holds" in failed(checks)


@pytest.mark.parametrize(
    ("counter", "fails"),
    [
        (Forgets, {"the counter is exact", "every call gets its own number"}),
        (Twice, {"every call gets its own number"}),
    ],
)
def test_a_counter_that_is_wrong_fails_the_check_for_it(counter: type[Counter], fails: set[str]) -> None:
    subject = MonitorSubject(Shape())
    subject.counter = counter()
    assert failed(checked(subject, ops=100)) == fails


def test_a_failed_withdrawal_is_given_back_too() -> None:
    subject = MonitorSubject(Shape(workers=3, balance=1))
    load = Load(subject, Workload(ops=1000, fail=0.2))
    load.run()
    assert sum(worker.failed for worker in load.workers) == sum(worker.injected for worker in load.workers) > 0
    assert failed({check.name: check for check in subject.checks(load)}) == set()


def test_workers_wait_until_there_is_enough_and_the_statistics_tell() -> None:
    subject = MonitorSubject(Shape(workers=3, balance=1, outside_work=SLOW))
    assert subject.figures() == {}
    assert failed(checked(subject, ops=30)) == set()
    assert subject.figures()["waits"]


@pytest.mark.parametrize(
    ("shape", "says"),
    [
        (Shape(workers=2, work=parse_work("sleep:3ms")), "the work inside is the limit"),
        (Shape(workers=4, balance=1, outside_work=parse_work("sleep:3ms")), "--balance"),
        (Shape(workers=2), "the calls themselves"),
        (Shape(workers=2, work=parse_work("sleep:1ms"), outside_work=parse_work("sleep:9ms")), "room for more"),
    ],
)
def test_the_verdict_names_the_limit(shape: Shape, says: str) -> None:
    subject = MonitorSubject(shape)
    load = Load(subject, Workload(ops=40))
    assert subject.advice(load) is None
    load.run()
    assert says in (subject.advice(load) or "")


def test_an_account_of_any_kind_can_be_put_under_load() -> None:
    peer = monitor_object(Shape(workers=2)).peers[0].make()
    assert isinstance(peer, AccountSubject)
    load = Load(peer, Workload(ops=10))
    load.run()
    assert peer.totals(load) == {"operations": 10, "counted": 10}


@pytest.mark.stress
@pytest.mark.parametrize("shape", SHAPES)
def test_it_holds_for_many_thousand_calls(shape: Shape) -> None:
    for seed in range(5):
        assert failed(checked(MonitorSubject(shape), duration_s=0.3, fail=0.05, seed=seed)) == set()
