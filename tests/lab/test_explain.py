"""Every pattern's docstring holds its lesson, in the form the command takes apart."""

import importlib
import re
from pathlib import Path

import pytest

from concli.errors import ConcliError, UsageError
from concli.lab import explain as module
from concli.lab.explain import LESSONS, Lesson, catalogue, lesson
from concli.metrics import thread_monitor
from concli.patterns import rwlock

lessons = pytest.mark.parametrize("found", catalogue(), ids=list(LESSONS))


@lessons
def test_a_lesson_says_what_when_when_not_and_what_to_try(found: Lesson) -> None:
    assert found.title
    assert found.summary
    assert found.choose.startswith("Choose")
    assert found.choose.endswith(".")
    assert found.rather.endswith(".")
    assert ">>>" in found.example
    assert "::" not in " ".join([found.choose, found.rather, *found.background])


@lessons
def test_a_lesson_shows_who_waits_for_whom_within_80_columns(found: Lesson) -> None:
    assert found.diagram
    assert all("--" in line and len(line) <= 76 for line in found.diagram.splitlines())


@lessons
def test_a_mistake_is_an_interleaving_of_threads_within_80_columns(found: Lesson) -> None:
    assert found.mistakes
    for mistake in found.mistakes:
        assert mistake.title
        assert len(mistake.threads) >= 2
        assert len(mistake.steps) >= 2
        assert all(len(step) == len(mistake.threads) and any(step) for step in mistake.steps)
        assert all(any(step[thread] for step in mistake.steps) for thread in range(len(mistake.threads)))
        columns = zip(mistake.threads, *mistake.steps, strict=True)
        assert sum(max(map(len, column)) + 3 for column in columns) <= 80


@pytest.mark.parametrize("name", [name for name, _ in LESSONS.values()])
def test_no_cell_of_an_interleaving_reaches_into_the_next_column(name: str) -> None:
    docstring = importlib.import_module(name).__doc__ or ""
    blocks = re.findall(r"Classic mistake: [^:]*(?::[^:]+)*?::\n\n((?:    .*\n)+)", docstring)
    assert len(blocks) == docstring.count("Classic mistake:")
    for block in blocks:
        header, *rows = block.splitlines()
        for start in (match.start() for match in re.finditer(r"(?<=  )\S", header[4:])):
            assert all(row[4:][start - 2 : start].strip() == "" for row in rows), block


@lessons
def test_the_import_to_try_works(found: Lesson) -> None:
    namespace: dict[str, object] = {}
    exec(found.imports, namespace)
    assert namespace.keys() & set(re.findall(r"\w+", found.example))


def test_every_public_pattern_has_a_lesson() -> None:
    no_patterns = {"sync", "task"}  # primitives that are used by all, and what a task pipeline is made of
    folder = Path(rwlock.__file__).parent
    names = {path.stem for path in folder.glob("[a-z]*.py")} - no_patterns
    assert {f"concli.patterns.{name}" for name in names} == {name for name, _ in LESSONS.values()} - {
        thread_monitor.__name__
    }


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ("rwlock", "rwlock"),
        ("RWLock", "rwlock"),
        ("thread_pool", "thread-pool"),
        ("ThreadPool", "thread-pool"),
        ("futures", "future"),
        ("Promise", "future"),
        ("matmul", "barrier"),
        ("pipeline tasks", "task-pipeline"),
        ("Counter", "monitor-object"),
        ("ThreadMonitor", "thread-monitor"),
        ("channel", "channel"),
        ("monitor-object", "monitor-object"),
        ("thread-local", "thread-local"),
        ("producer-consumer", "producer-consumer"),
        ("Mailbox", "mailbox"),
        ("ThreadSafeDict", "thread-safe-dict"),
    ],
)
def test_a_pattern_is_found_by_name_class_or_command(asked: str, name: str) -> None:
    assert lesson(asked).name == name


def test_an_unknown_pattern_is_wrong_usage_and_names_what_was_meant_or_all() -> None:
    with pytest.raises(UsageError, match="did you mean rwlock"):
        lesson("rwlok")
    with pytest.raises(UsageError, match=r"producer-consumer, .*, thread-monitor"):
        lesson("")


def test_without_docstrings_it_says_why_it_cannot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rwlock, "__doc__", None)
    with pytest.raises(ConcliError, match="-OO"):
        lesson("rwlock")


def test_what_a_docstring_says_is_what_the_lesson_says(monkeypatch: pytest.MonkeyPatch) -> None:
    text = """Thing: it does.

    Choose it for *this*, or ``that``. Else not.

    Who waits for whom::

        a --> b   c --> d

    Source: *Why?*, a book.

    Classic mistake: to do
    it twice::

        thread A     thread B
        x = 1        y = 2
                     z

    >>> RWLock()
    """
    monkeypatch.setattr(rwlock, "__doc__", text)
    found = module.lesson("rwlock")
    assert found[1:6] == ("Thing", "it does.", "Choose it for this, or `that`.", "Else not.", ["Source: Why?, a book."])
    assert found.diagram == "a --> b\nc --> d"
    assert found.mistakes == [("to do it twice", ["thread A", "thread B"], [["x = 1", "y = 2"], ["", "z"]])]
    assert found.imports == "from concli.patterns import RWLock"
