"""The verdict follows from who waits."""

import pytest

from concli.lab.figures import RoleFigures
from concli.lab.verdict import Side, verdict


def side(name: str, wait_share: float, *, per_s: float = 100.0) -> Side:
    nothing = (None,) * 5
    figures = RoleFigures(name, 1, 10, 10, 10, 0, per_s, *nothing, 0.0, 0.0, wait_share, 1 - wait_share, 1.0, None)
    return Side(figures, "for it", f"--{name}s", holds_gil=False)


@pytest.mark.parametrize(
    ("producers", "consumers", "cpu_s", "limit"),
    [
        (0.9, 0.0, 0.1, "consumers"),
        (0.0, 0.9, 0.1, "producers"),
        (0.5, 0.5, 1.0, "CPU"),
        (0.5, 0.5, 0.2, "handing over"),
        (0.01, 0.01, 0.2, "none"),
    ],
)
def test_who_does_not_wait_is_the_limit(producers: float, consumers: float, cpu_s: float, limit: str) -> None:
    sides = [side("producer", producers), side("consumer", consumers)]
    name, why = verdict(sides, elapsed_s=1.0, cpu_s=cpu_s, cpus=2, gil=True)
    assert name == limit
    assert "\n" not in why


def test_a_rate_is_kept_or_not() -> None:
    sides = [side("producer", 0.0, per_s=990), side("consumer", 0.5, per_s=990)]
    assert "keeps up" in verdict(sides, elapsed_s=1.0, cpu_s=0.1, cpus=2, gil=True, rate=1000)[1]
    assert "keeps up" not in verdict(sides, elapsed_s=1.0, cpu_s=0.1, cpus=2, gil=True, rate=2000)[1]


def test_nothing_done_is_nothing_said() -> None:
    assert verdict([], elapsed_s=1.0, cpu_s=0.0, cpus=1, gil=True)[0] == "nothing"
