"""The group."""

from tests.conftest import RunConcli


def test_the_group_names_its_jobs(concli: RunConcli) -> None:
    done = concli("pipeline", "--help")
    assert done.returncode == 0
    assert b"fft " in done.stdout
