import pytest

from concli.errors import UsageError
from concli.logs.choice.levels import RANKS, is_level_chosen, minimum_rank, rank_of, same_level


@pytest.mark.parametrize(
    "rising",
    [
        "TRACE DEBUG INFO WARN ERROR FATAL",  # log4j
        "FINEST FINE CONFIG INFO WARNING SEVERE",  # java.util.logging
        "DEBUG INFO WARNING ERROR CRITICAL",  # Python
        "debug info notice warning err crit alert emerg",  # syslog
        "DEBUG1 LOG NOTICE WARNING ERROR FATAL PANIC",  # PostgreSQL
        "verbose debug information warning error critical",  # .NET and others
        "V D I W E F",
    ],
)
def test_the_levels_of_each_system_are_in_its_order(rising: str) -> None:
    ranks = [rank_of(name) for name in rising.split()]
    assert None not in ranks
    assert ranks == sorted(set(ranks), key=ranks.index) == sorted(rank for rank in ranks if rank is not None)


def test_names_of_one_rank_mean_the_same_in_any_case_and_unknown_ones_themselves() -> None:
    assert same_level("Warn", "WARNING")
    assert same_level("mine", "MINE")
    assert not same_level("mine", "yours")
    assert not same_level("error", "fatal")


def test_a_level_without_a_rank_reaches_no_minimum_but_can_be_named() -> None:
    assert not is_level_chosen(b"STATEMENT", (), RANKS["trace"])
    assert not is_level_chosen(b"", (), RANKS["trace"])
    assert is_level_chosen(b"STATEMENT", ("statement",), None)
    assert is_level_chosen(b"", (), None)
    assert not is_level_chosen(b"", ("info",), None)
    assert not is_level_chosen(b"\xff", ("info",), 0)


def test_level_and_minimum_must_both_hold() -> None:
    chosen = [name for name in ("debug", "info", "error") if is_level_chosen(name.encode(), ("debug", "err"), 2)]
    assert chosen == ["error"]


def test_a_minimum_that_is_not_known_is_refused_with_all_that_are() -> None:
    with pytest.raises(UsageError, match=r"--min-level: 'loud' is not a known level; .*debug.* < .*warning/warn") as e:
        minimum_rank("loud")
    assert "\n" not in str(e.value)
