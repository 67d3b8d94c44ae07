"""The alternatives run in turns, and one that is missing is named."""

from concli.lab import Contender, Experiment, Load, Role, Subject, Worker, Workload
from concli.lab.compare import compare
from concli.metrics import Check


class Counts(Subject):
    def __init__(self, turns: list[str], name: str, *, fails: bool = False) -> None:
        self.roles = [Role("someone", 1, self.body)]
        self.turns, self.name, self.fails = turns, name, fails

    def body(self, worker: Worker) -> None:
        self.turns.append(self.name)
        worker.run(lambda: None)

    def checks(self, load: Load) -> list[Check]:
        del load
        return [Check("a law", not self.fails, "broken")]


def missing() -> Subject:
    raise ModuleNotFoundError("No module named 'nowhere'", name="nowhere")


def test_each_has_its_turn_in_every_round_and_all_begin_one() -> None:
    turns: list[str] = []
    peers = [Contender("b", lambda: Counts(turns, "b")), Contender("gone", missing)]
    found = compare(Experiment(Contender("a", lambda: Counts(turns, "a")), peers), Workload(ops=100))
    assert "".join(turns) == "abbaabbaab"
    ours, other, gone = found.rows
    assert ours.ratio is None
    assert other.ratio is not None
    assert other.low is not None
    assert other.high is not None
    assert other.low <= other.ratio <= other.high
    assert gone.problem == "not installed (nowhere): pip install 'concli[peers]'"
    assert [check.passed for check in found.checks] == [True]


def test_a_peer_that_fails_its_checks_is_named() -> None:
    bad = Contender("bad", lambda: Counts([], "bad", fails=True))
    found = compare(Experiment(Contender("a", lambda: Counts([], "a")), [bad]), Workload(ops=10))
    assert found.checks == (Check("bad: a law", False, "broken"),)
