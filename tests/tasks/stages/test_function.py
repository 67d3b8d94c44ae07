"""Functions by the name of their module or file."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from concli.errors import UsageError
from concli.tasks.stages.function import Function


@pytest.fixture(autouse=True)
def imports_are_undone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path.copy())
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        del sys.modules[name]


def test_a_module_is_found_in_the_working_directory(tmp_path: Path) -> None:
    (tmp_path / "own_steps.py").write_text("def double(x): return 2 * x")
    assert Function("own_steps:double")(4) == 8


def test_a_file_is_loaded_once_and_can_import_its_neighbours(tmp_path: Path) -> None:
    (tmp_path / "steps").mkdir()
    (tmp_path / "steps/own_neighbour.py").write_text("number = 5")
    (tmp_path / "steps/own_clean.py").write_text(
        "from own_neighbour import number\nseen = []\ndef add(x):\n seen.append(x)\n return len(seen) + number"
    )
    first, second = Function("./steps/own_clean.py:add"), Function("steps/../steps/own_clean.py:add")
    assert [first("a"), second("b")] == [6, 7]


def test_a_file_with_the_name_of_another_module_hides_none(tmp_path: Path) -> None:
    (tmp_path / "json.py").write_text("def dumps(x): return 'own'")
    import json  # noqa: PLC0415 - the name is at stake

    assert Function("./json.py:dumps")(1) == "own"
    assert Function("./json.py:dumps").function is Function("./json.py:dumps").function
    assert sys.modules["json"] is json


def test_a_method_is_an_attribute() -> None:
    assert Function("builtins:str.upper")("a") == "A"


@pytest.mark.parametrize(
    ("text", "target", "problem"),
    [
        ("", "no_such_module:f", "no module 'no_such_module'"),
        ("", "xml.no_such:f", r"no module 'xml\.no_such'"),
        ("", "own:f", "no 'f' in own"),
        ("", "./own.py:f", "no 'f' in"),
        ("", "./other.py:f", "no file"),
        ("", "own", "MODULE:FUNCTION"),
        ("", "own:", "MODULE:FUNCTION"),
        ("f = 1", "own:f", "f is a int"),
        ("async def f(x): pass", "own:f", "async"),
        ("x = 1\n1 / 0", "own:f", r"raised ZeroDivisionError: division by zero \(.*own\.py, line 2\)"),
        ("1 / 0", "./own.py:f", r"raised ZeroDivisionError: division by zero \(.*own\.py, line 1\)"),
        ("import no_such_module", "own:f", "raised ModuleNotFoundError: No module named 'no_such_module'"),
        ("def f(:", "own:f", r"raised SyntaxError: .*line 1"),
        ("raise SystemExit('enough')", "./own.py:f", "raised SystemExit: enough"),
        ("", "..own:f", "raised"),
        ("", "own\0:f", "own"),
    ],
)
def test_what_is_wrong_is_told_in_a_line(tmp_path: Path, text: str, target: str, problem: str) -> None:
    (tmp_path / "own.py").write_text(text)
    with pytest.raises(UsageError, match=problem) as raised:
        Function(target)
    assert "\n" not in str(raised.value)
    assert "own" not in sys.modules or not text.endswith("0")
