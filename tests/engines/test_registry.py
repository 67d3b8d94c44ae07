import pytest

from concli.engines.engine import Settings
from concli.engines.registry import ENGINES, engine_named
from concli.engines.threads import Threads
from concli.errors import UsageError


class Fourth(Threads):
    """An engine in a file of its own."""

    name = "fourth"


@pytest.mark.parametrize("name", ["threads", "processes"])
def test_an_engine_is_found_by_its_name(name: str) -> None:
    engine = engine_named(name, 3)
    assert (engine.name, engine.workers) == (name, 3)
    assert name in ENGINES


def test_one_of_your_own_takes_one_file() -> None:
    assert engine_named(f"{__name__}:Fourth", 1).name == "fourth"


@pytest.mark.parametrize("name", ["fibers", "no.such.module:Engine", "concli.engines.threads:Nothing"])
def test_one_that_there_is_not_is_wrong_usage(name: str) -> None:
    with pytest.raises(UsageError, match=f"there is no engine '{name}'"):
        engine_named(name, 1)


def test_a_setting_reaches_the_engine() -> None:
    with pytest.raises(UsageError, match="leave out --scheduler"):
        engine_named("processes", 1, Settings(scheduler="tcp://127.0.0.1:1"))
