"""The lab of the channel passes its checks, and fails them where it should."""

from itertools import chain
from typing import Any

import pytest

from concli.lab import InjectedError, Load, Workload, parse_work
from concli.lab.channel import ChannelSubject, Shape, channel
from concli.lab.figures import figures_of
from concli.metrics import Check


def checked(subject: Any, **workload: Any) -> dict[str, Check]:
    load = Load(subject, Workload(**workload))
    load.run()
    assert (load.failures, load.abandoned) == ((), ())
    return {check.name: check for check in subject.checks(load)}


def failed(checks: dict[str, Check]) -> list[Check]:
    return [check for check in checks.values() if not check.passed]


SHAPES = [
    Shape(),
    Shape(clients=3, workers=2, buffer=1),
    Shape(mode="send", clients=2, workers=3, buffer=2),
    Shape(mode="send", clients=2, full="drop-newest", buffer=1),
]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("place", range(3))
@pytest.mark.parametrize(
    "workload", [{"ops": 1001}, {"duration_s": 0.05}, {"duration_s": 0.05, "rate": 2000}, {"ops": 500, "fail": 0.1}]
)
def test_every_contender_passes_its_checks(shape: Shape, place: int, workload: dict[str, Any]) -> None:
    experiment = channel(shape)
    contender = list(chain([experiment.ours], experiment.peers))[place]
    if contender.name == "pykka":
        pytest.importorskip("pykka")
    assert failed(checked(contender.make(), **workload)) == []


@pytest.mark.parametrize("mode", ["request", "send"])
@pytest.mark.parametrize("full", ["drop-oldest", "drop-newest", "raise"])
def test_what_finds_no_room_is_accounted_for_and_said(mode: Any, full: Any) -> None:
    subject = ChannelSubject(Shape(clients=4, buffer=1, mode=mode, full=full, work=parse_work("sleep:1ms")))
    load = Load(subject, Workload(ops=200))
    load.run()
    totals = subject.totals(load)
    assert failed({check.name: check for check in subject.checks(load)}) == []
    assert totals["sent"] == totals["handled"] + totals["refused"] + totals["dead"] == 200
    assert bool(totals["refused"]) == (full == "raise")
    assert bool(totals["dead"]) == (full != "raise")
    assert "found no room" in (subject.advice(load) or "")


@pytest.mark.parametrize("mode", ["request", "send"])
def test_a_worker_that_fails_lives_on_and_each_failure_arrives(mode: Any) -> None:
    subject = ChannelSubject(Shape(mode=mode))
    load = Load(subject, Workload(ops=300, fail=0.5))
    load.run()
    injected = sum(worker.injected for worker in load.workers)
    assert 0 < injected < 300
    assert sum(worker.failed for worker in load.workers) == injected
    assert subject.totals(load)["handled"] == 300
    if mode == "request":
        assert subject.totals(load)["answered"] == 300 - injected


def test_a_message_that_is_left_at_the_end_is_accounted_for() -> None:
    subject = ChannelSubject(Shape(mode="send", buffer=8, work=parse_work("sleep:10ms")))
    load = Load(subject, Workload(duration_s=0.05))
    load.run()
    assert failed({check.name: check for check in subject.checks(load)}) == []
    assert subject.totals(load)["dead"] > 0


class Loses(ChannelSubject):
    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        tell = self.tell
        self.tell = lambda name, item: tell(name, item) if item != 50 else None


class Doubles(ChannelSubject):
    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        tell = self.tell
        self.tell = lambda name, item: [tell(name, item) for _ in range(1 + (item == 50))]


class Replaces(ChannelSubject):
    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        tell = self.tell
        self.tell = lambda name, item: tell(name, item + (item == 50))


class Mistakes(ChannelSubject):
    def asker(self) -> Any:
        ask = super().asker()
        return lambda name, item: ask(name, item) if item != 50 else ~49


class KeepsToItself(ChannelSubject):
    def handler(self, worker: Any) -> Any:
        handle = super().handler(worker)

        def swallow(item: int) -> Any:
            try:
                return handle(item)
            except InjectedError:
                return None

        return swallow


@pytest.mark.parametrize(
    ("broken", "mode", "fails"),
    [
        (Loses, "send", {"nothing lost, nothing twice"}),
        (Doubles, "send", {"nothing lost, nothing twice", "in order per client"}),
        (Replaces, "send", {"nothing lost, nothing twice", "in order per client"}),
        (Mistakes, "request", {"nothing lost, nothing twice", "every request has its own answer"}),
    ],
)
def test_what_goes_wrong_fails_the_check_for_it(broken: type[ChannelSubject], mode: Any, fails: set[str]) -> None:
    checks = checked(broken(Shape(mode=mode)), ops=100)
    assert {check.name for check in failed(checks)} == fails


@pytest.mark.parametrize("mode", ["request", "send"])
def test_a_failure_that_nobody_hears_of_fails_the_checks(mode: Any) -> None:
    checks = checked(KeepsToItself(Shape(mode=mode)), ops=100, fail=0.5)
    own = "every request has its own answer" if mode == "request" else "every failure is a dead letter"
    assert {check.name for check in failed(checks)} == {"the statistics add up", own}


def test_who_waits_has_waited_by_the_mailboxes_own_figures() -> None:
    subject = ChannelSubject(Shape(mode="send", buffer=1, work=parse_work("sleep:2ms")))
    load = Load(subject, Workload(ops=20))
    load.run()
    client, worker = (figures_of(load, role) for role in subject.roles)
    mailbox = subject.figures()["workers"]["worker-1"]["mailbox"]  # type: ignore[index]
    assert subject.waited_s() == {"client": mailbox["put_wait_s"], "worker": mailbox["get_wait_s"]}
    assert client.waited_s > worker.waited_s > 0
    assert client.waited_s > 0.02


def test_who_never_waits_has_waited_no_time() -> None:
    subject = ChannelSubject(Shape(mode="send", buffer=0))
    Load(subject, Workload(ops=100)).run()
    assert subject.waited_s()["client"] == 0.0
