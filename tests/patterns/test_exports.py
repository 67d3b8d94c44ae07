"""The package gives every public name of its modules, and says the same to type checkers."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import concli.patterns

PACKAGE = Path(concli.patterns.__file__ or "")
# `sync` is to be imported as a whole: its names are those of `threading`.
MODULES = sorted({path.stem for path in PACKAGE.parent.glob("[a-z]*.py")} - {"sync"})


def test_every_public_name_of_every_module_is_exported() -> None:
    names: set[str] = set()
    for module in MODULES:
        names |= set(importlib.import_module(f"concli.patterns.{module}").__all__)
    assert names == set(concli.patterns.__all__)
    assert all(hasattr(concli.patterns, name) for name in names)


def test_what_type_checkers_are_told_is_what_is_loaded() -> None:
    imports = {
        (alias.name, node.module)
        for node in ast.walk(ast.parse(PACKAGE.read_text()))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("concli.patterns.")
        for alias in node.names
    }
    homes = {(name, f"concli.patterns.{module}") for name, module in concli.patterns._HOMES.items()}
    assert imports == homes


def test_a_pattern_is_loaded_only_when_it_is_asked_for() -> None:
    code = "import sys, concli.patterns as p; p.RWLock; print('concli.patterns.barrier' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, cwd=PACKAGE.parent.parent.parent
    )
    assert done.stdout.strip() == b"False"
