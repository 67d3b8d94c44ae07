"""How a failure reads."""

from concli.tasks.stages import CommandFailed


def test_the_last_line_that_says_something_is_told() -> None:
    failure = CommandFailed.of(1, b"first\n  last \xff\r\n\n \n")
    assert (str(failure), failure.status) == ("exit status 1: last \\xff", 1)


def test_a_signal_has_its_name_or_number() -> None:
    assert str(CommandFailed.of(-9, b"")) == "killed by SIGKILL"
    assert str(CommandFailed.of(-35, b"")) == "killed by signal 35"


def test_a_long_line_is_cut() -> None:
    assert len(str(CommandFailed.of(1, b"x" * 4000))) < 600
