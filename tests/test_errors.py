"""The errors, their exit codes and what they say."""

import errno
import pickle
import re

import pytest

import concli.errors
from concli.errors import ConcliError, FileError, InputError, OutputClosed, OutputError, UsageError


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConcliError("x"), 1),
        (UsageError("x"), 2),
        (FileError("a", "x"), 3),
        (InputError("a", "x"), 3),
        (OutputError("a", "x"), 3),
        (OutputClosed("a", "x"), 141),
    ],
)
def test_each_error_leads_to_its_exit_code(error: ConcliError, code: int) -> None:
    assert error.exit_code == code


def test_the_tree_in_the_docstring_is_that_of_the_classes() -> None:
    drawn = re.findall(r"^( +(?:│ +|[└├]── )*)(\w+)", concli.errors.__doc__ or "", re.MULTILINE)
    ancestors: dict[int, str] = {}
    for indent, name in drawn:
        ancestors[len(indent)] = name
        if name != "Exception":
            (base,) = getattr(concli.errors, name).__bases__
            assert base.__name__ == ancestors[len(indent) - 4]
    assert {name for _, name in drawn} == {"Exception", *concli.errors.__all__}


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        ("not a log", "in.log: not a log"),
        (
            FileNotFoundError(errno.ENOENT, "No such file or directory", "/some/where"),
            "in.log: no such file or directory",
        ),
        (OSError(errno.ENOSPC, "whatever"), "in.log: no space left on device"),
        (OSError("not a gzipped file"), "in.log: not a gzipped file"),
    ],
)
def test_a_file_error_says_in_one_line_which_file_and_why(problem: str | OSError, said: str) -> None:
    assert str(FileError("in.log", problem)) == said


def test_an_error_survives_the_way_to_another_process() -> None:
    error = pickle.loads(pickle.dumps(OutputClosed("out", OSError(errno.EPIPE, "Broken pipe"))))
    assert type(error) is OutputClosed
    assert (error.path, error.problem, str(error)) == ("out", "broken pipe", "out: broken pipe")
