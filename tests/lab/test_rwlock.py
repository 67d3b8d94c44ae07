"""The lab of the read-write lock passes its checks, and fails them where it should."""

from itertools import chain
from typing import Any

import pytest

from concli.lab import Load, Workload, _readers_writers, parse_work
from concli.lab._readers_writers import Calls
from concli.lab.rwlock import RWLockSubject, Shape, rwlock
from concli.metrics import Check

SLOW = parse_work("sleep:1ms")


def checked(subject: Any, **workload: Any) -> dict[str, Check]:
    load = Load(subject, Workload(**workload))
    load.run()
    assert load.failures == ()
    return {check.name: check for check in subject.checks(load)}


SHAPES = [Shape(), Shape(readers=2, writers=2, keys=1, prefer="fair"), Shape(readers=0, writers=0, workers=3)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("place", range(5))
@pytest.mark.parametrize("workload", [{"ops": 2001}, {"duration_s": 0.05, "fail": 0.1}])
def test_every_contender_passes_its_checks(shape: Shape, place: int, workload: dict[str, Any]) -> None:
    experiment = rwlock(shape)
    contender = list(chain([experiment.ours], experiment.peers))[place]
    if " " in contender.name:
        pytest.importorskip(contender.name.partition(" ")[0])
    assert [check for check in checked(contender.make(), **workload).values() if not check.passed] == []


class LocksNobodyOut(RWLockSubject):
    """Who acquires gets in at once."""

    def reading(self) -> Calls:
        return (lambda: True), (lambda: None)

    def writing(self) -> Calls:
        return self.reading()


class LetsReadersPast(RWLockSubject):
    """Writers exclude each other; readers don't ask."""

    def reading(self) -> Calls:
        return (lambda: True), (lambda: None)


def failed(checks: dict[str, Check]) -> set[str]:
    return {name for name, check in checks.items() if not check.passed}


def test_writers_at_the_same_time_lose_writes() -> None:
    shape = Shape(readers=0, writers=4, keys=1, write_work=SLOW)
    assert "no write is lost" in failed(checked(LocksNobodyOut(shape), ops=40))


@pytest.mark.parametrize("prefer", ["writer", "fair"])
def test_readers_that_do_not_wait_see_half_of_a_value_and_pass_the_writers(prefer: str) -> None:
    shape = Shape(readers=1, writers=3, keys=1, work=parse_work("sleep:100us"), write_work=SLOW, prefer=prefer)
    found = failed(checked(LetsReadersPast(shape), duration_s=0.2))
    assert found == {
        "readers never see a half-written value",
        "a writer waits no longer than its bound",
        "the statistics add up",
    }


def test_reads_that_a_lock_forgets_do_not_add_up() -> None:
    subject = RWLockSubject(Shape())
    assert failed(checked(subject, ops=100)) == set()
    with subject.lock.read():
        pass
    load = Load(RWLockSubject(Shape()), Workload(ops=100))
    assert failed({check.name: check for check in subject.checks(load)}) == {"the statistics add up"}


@pytest.mark.parametrize("prefer", ["writer", "fair"])
def test_reads_are_watched_while_writers_wait(prefer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_readers_writers, "WATCH_SLOW_EVERY", 2)
    # The reader that stays longest makes the writer wait, and another is back before that.
    shape = Shape(readers=3, writers=1, work=parse_work("uniform:100us-3ms"), prefer=prefer)
    subject = RWLockSubject(shape)
    assert failed(checked(subject, duration_s=0.2)) == set()
    assert sum(tally.watched for tally in subject.tallies.values()) > 0


def test_who_does_both_keeps_to_the_share_and_failures_arrive_from_both() -> None:
    subject = RWLockSubject(Shape(readers=0, writers=0, workers=2, read_share=0.8))
    load = Load(subject, Workload(ops=5000, fail=0.1))
    load.run()
    assert subject.reads() + subject.writes() == 5000
    assert 0.75 < subject.reads() / 5000 < 0.85
    assert sum(worker.failed for worker in load.workers) == sum(worker.injected for worker in load.workers) > 0


@pytest.mark.parametrize(
    ("work", "says"), [("none", "plain lock, which costs less"), ("sleep:5ms", "it pays: "), ("hash:4KiB", "wait")]
)
def test_the_verdict_says_whether_it_pays(work: str, says: str) -> None:
    subject = RWLockSubject(Shape(readers=4, writers=0, work=parse_work(work)))
    load = Load(subject, Workload(ops=80))
    assert subject.advice(load) is None
    load.run()
    assert says in (subject.advice(load) or "")


@pytest.mark.stress
@pytest.mark.parametrize("shape", [Shape(readers=4, writers=3, prefer=prefer) for prefer in ("writer", "fair")])
def test_no_writer_is_passed_over_in_many_thousand_reads(shape: Shape) -> None:
    for seed in range(8):
        assert failed(checked(RWLockSubject(shape), duration_s=0.3, seed=seed)) == set()
