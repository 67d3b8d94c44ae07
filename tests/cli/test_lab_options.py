"""The options of a workload, as a user meets them."""

import resource

import pytest

from tests.conftest import RunConcli


@pytest.mark.parametrize(
    "arguments",
    [
        ["--work", "sleep:fast"],
        ["--produce-work", "hash:1"],
        ["--fail", "300%"],
        ["--fail", "often"],
        ["--producers", "0"],
        ["--consumers", "many"],
        ["--duration", "2"],
        ["--duration", "0s"],
        ["--warmup", "-1s"],
        ["--rate", "0"],
        ["--rate", "fast"],
        ["--ops", "0"],
        ["--ops", "5", "--duration", "1s"],
    ],
)
@pytest.mark.parametrize("command", ["bounded-buffer", "producer-consumer"])
def test_a_bad_value_is_one_line_and_exit_2(concli: RunConcli, command: str, arguments: list[str]) -> None:
    done = concli(command, *arguments)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == b""


def test_more_threads_than_the_machine_can_start_is_exit_2(concli: RunConcli) -> None:
    def little_room() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))

    done = concli("bounded-buffer", "--producers", "2000", "--ops", "10", preexec_fn=little_room)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert b"can't start 2,001 threads" in line
