"""What the words of ``--stage`` mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from concli.errors import UsageError
from concli.tasks.stages import StageSpec, parse_stage


def test_options_follow_the_target() -> None:
    spec = parse_stage("py:steps:fetch workers=16 timeout=10s retries=3 queue=64 name=get")
    assert spec == StageSpec("py", "steps:fetch", "get", 16, 64, 10.0, 3)


@pytest.mark.parametrize(
    ("text", "target", "workers"),
    [
        ("sh:make workers=2", "make", 2),
        ("sh:make workers=2 --", "make workers=2", None),
        ("sh:make workers=2 -- workers=8", "make workers=2", 8),
        ("sh:make workers=2 all", "make workers=2 all", None),
        ("sh:echo 'a workers=2'", "echo 'a workers=2'", None),
        ("sh:git log -- {} workers=2", "git log -- {}", 2),
        ("sh:make jobs=2", "make jobs=2", None),
        ("expr:x - -1 workers=3", "x - -1", 3),
    ],
)
def test_options_and_a_commands_own_words_are_told_apart(text: str, target: str, workers: int | None) -> None:
    spec = parse_stage(text)
    assert (spec.target, spec.workers) == (target, workers)


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1).map(str.strip).filter(bool))
def test_what_stands_before_two_dashes_is_the_target(target: str) -> None:
    assert parse_stage(f"sh:{target} -- workers=2")[:2] == ("sh", target)


@pytest.mark.parametrize(
    "text",
    [
        "true",
        "bash:true",
        "sh:",
        "sh:workers=2",
        "sh:true workers=0",
        "sh:true workers=two",
        "sh:true workers=1 workers=2",
        "sh:true timeout=soon",
        "sh:true timeout=0",
        "sh:true name=",
        "sh:true retries=-1",
    ],
)
def test_what_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--stage"):
        parse_stage(text)


def test_a_stage_is_named_by_what_it_calls() -> None:
    names = [parse_stage(text).name for text in ("py:a.b:clean", "expr:x", "sh:/bin/ls -l", "sh:(cd /)", "sh:'{}'")]
    assert names == ["clean", "x", "ls", "cd", "sh"]


def test_standard_input_is_for_commands() -> None:
    assert parse_stage("sh:cat", stdin=True).stdin
    assert not parse_stage("expr:x", stdin=True).stdin
