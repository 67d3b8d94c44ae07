"""The layering, the exports and the sizes of files are facts, not intentions."""

import ast
import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from concli.cli import concli
from tests.conftest import ROOT

# From the ground up; a layer may import from itself and from those before it.
LAYERS = [
    {"", "errors", "terminal", "quantities", "drafts", "files"},
    {"patterns"},
    {"metrics"},
    {"engines"},
    {"logs", "arrays", "tasks", "monitor"},
    {"verify", "lab", "scale"},
    {"cli", "__main__"},
]
# Third-party packages, and the floors they stay on.
FLOORS = {
    "click": {"cli"},
    "rich": {"cli"},
    "numpy": {"logs", "arrays"},
    "psutil": {"metrics", "monitor"},
    "threadpoolctl": {"arrays"},
    "distributed": {"engines"},
}

FILES = sorted((ROOT / "concli").rglob("*.py"))
MODULES = [".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in FILES]


def floor_of(module: str) -> str:
    return module.removeprefix("concli").removeprefix(".").split(".")[0]


def imports_of(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            yield node.module or ""


@pytest.mark.parametrize(("path", "module"), list(zip(FILES, MODULES, strict=True)), ids=MODULES)
def test_imports_point_down_and_third_parties_stay_on_their_floor(path: Path, module: str) -> None:
    own = floor_of(module)
    height = {floor: level for level, layer in enumerate(LAYERS) for floor in layer}
    for imported in imports_of(path):
        package = imported.split(".")[0]
        if package == "concli":
            assert height[floor_of(imported)] <= height[own], f"{module} imports {imported}"
        elif package not in sys.stdlib_module_names:
            assert own in FLOORS[package], f"{module} imports {imported}"


@pytest.mark.parametrize("module", [module for module in MODULES if not module.endswith("__main__")])
def test_all_is_exact(module: str) -> None:
    loaded = importlib.import_module(module)
    tree = ast.parse(Path(loaded.__file__ or "").read_text())
    defined = {
        node.name
        for node in tree.body
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_")
    }
    exported = getattr(loaded, "__all__", [])
    assert len(set(exported)) == len(exported)
    assert all(hasattr(loaded, name) for name in exported)
    if not module.rpartition(".")[2].startswith("_"):
        assert defined <= set(exported)


@pytest.mark.parametrize("path", FILES, ids=MODULES)
def test_a_file_is_short_enough_to_be_read(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 265


def test_every_source_file_has_its_tests() -> None:
    # What is tested through another file: formats are tested as a whole, the command line as a user meets it.
    elsewhere = {
        "logs": {
            "chunk": "reader",
            "render": "rendering",
            "escapes": "rendering",
            "assembly": "rendering",
            "parser": "job",
            "parsed": "job",
            "pipeline": "job",
            "source": "job",
            "base_parser": "job",
            "general_parser": "job",
            "how": "job",
            "placing": "engines",
        },
        "logs/formats": {"format": "registry"},
        "monitor": {"sample": "sampler"},
        "logs/choice": {"choice": "options"},
        "logs/generate": dict.fromkeys(
            ("layout", "python", "java", "servers", "letters", "records", "syslog", "access"), "log"
        ),
        "cli": {"boundary": "logs", "options": "logs", "session": "logs", "quantities": "lab_options"},
        "patterns": {"task": "task_pipeline"},
    }
    for path in FILES:
        if path.name.startswith("_"):
            continue  # private: tested through what it serves
        folder = path.parent.relative_to(ROOT / "concli")
        name = elsewhere.get(str(folder), {}).get(path.stem, path.stem)
        assert (ROOT / "tests" / folder / f"test_{name}.py").exists(), f"{folder / path.name} has no tests"


def words_of(command: click.Command, *path: str) -> Iterator[list[str]]:
    """Yield the words that call each command of the tree."""
    yield list(path)
    if isinstance(command, click.Group):
        for name, child in command.commands.items():
            yield from words_of(child, *path, name)


@pytest.mark.parametrize("arguments", [["--version"], *([*words, "--help"] for words in words_of(concli))], ids=str)
def test_help_imports_nothing_that_only_a_job_needs(arguments: list[str]) -> None:
    heavy = {
        "numpy",
        "rich",
        "psutil",
        "concli.logs",
        "concli.arrays",
        "concli.lab",
        "concli.metrics",
        "concli.monitor",
        "concli.tasks",
        "concli.verify",
    }
    code = (
        "import sys; sys.argv[1:] = " + repr(arguments) + "\n"
        "from concli.cli import main\n"
        "try: main()\n"
        "except SystemExit as done: assert not done.code\n"
        f"print({heavy!r} & set(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, cwd=ROOT)
    assert done.stderr == b"set()\n"


def test_nothing_names_the_machine_it_was_written_on() -> None:
    tracked = subprocess.run(["git", "ls-files"], check=True, capture_output=True, cwd=ROOT, text=True).stdout.split()
    words = ["/" + word for word in ("root/", "home/", "work/main")] + ["file" + "://", "pyenv" + "/"]
    for name in tracked:
        text = (ROOT / name).read_text(errors="replace")
        assert [word for word in words if word in text] == [], name
