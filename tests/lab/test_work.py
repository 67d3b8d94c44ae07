"""Work is read as it is written, or refused in one line."""

import random
import time

import pytest

from concli.lab.work import parse_work


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("none", [("none", "fixed", 0)]),
        ("sleep:2ms", [("sleep", "fixed", 0.002)]),
        ("spin:50us", [("spin", "fixed", 50e-6)]),
        ("hash:64KiB", [("hash", "fixed", 65536)]),
        ("exp:5ms", [("sleep", "exp", 0.005)]),
        ("spin:uniform:1ms-3ms, none", [("spin", "uniform", 0.001), ("none", "fixed", 0)]),
    ],
)
def test_each_spelling_is_understood(text: str, kinds: list[tuple[str, str, float]]) -> None:
    assert [(kind.name, kind.law, round(kind.low, 9)) for kind in parse_work(text).kinds] == kinds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sleep",
        "sleep:",
        "sleep:fast",
        "sleep:-1ms",
        "hash:1KiB",
        "hash:exp:1ms",
        "uniform:3ms-1ms",
        "0*none",
        "nap",
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line_that_names_it(text: str) -> None:
    with pytest.raises(ValueError) as caught:
        parse_work(text)
    assert "\n" not in str(caught.value)
    assert repr(text) in str(caught.value)


def test_the_same_seed_makes_the_same_choices() -> None:
    def choices(seed: int) -> list[int]:
        source = random.Random(seed)
        work = parse_work("3*none,none").bind(source)
        found = []
        for _ in range(20):
            work()
            found.append(source.getrandbits(30))
        return found

    assert choices(1) == choices(1) != choices(2)


def test_spinning_takes_its_own_cpu_time() -> None:
    before = time.thread_time()
    parse_work("spin:3ms").bind(random.Random(0))()
    assert time.thread_time() - before >= 0.003
