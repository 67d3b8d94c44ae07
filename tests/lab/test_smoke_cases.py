"""What is chosen, and what the cases' own judges find."""

import json
from pathlib import Path
from typing import Any

import pytest

from concli.errors import UsageError
from concli.lab.smoke_cases import CASES, Call, Case, chosen

THREE = (Case("logs process"), Case("logs stats"), Case("rwlock"))
BY_NAME = {case.command: case for case in CASES}


@pytest.mark.parametrize(
    ("words", "commands"),
    [
        ([], ["logs process", "logs stats", "rwlock"]),
        (["rwlock"], ["rwlock"]),
        (["logs"], ["logs process", "logs stats"]),
        (["logs process"], ["logs process"]),
        (["rwlock", "logs", "stats", "rwlock"], ["logs stats", "rwlock"]),
    ],
)
def test_commands_are_chosen_by_name_and_by_group(words: list[str], commands: list[str]) -> None:
    assert [case.command for case in chosen(words, THREE)] == commands


@pytest.mark.parametrize("words", [["log"], ["rwlock", "process"], ["logs", "wrong"]])
def test_what_is_no_command_is_named_with_those_there_are(words: list[str]) -> None:
    with pytest.raises(UsageError, match=f"{words[-1]!r} to smoke; choose from logs process, logs stats, rwlock"):
        chosen(words, THREE)


def verdicts(
    command: str, document: Any = None, *, options: str = "", stdout: str = "", folder: str = ""
) -> list[bool]:
    return [check.passed for check in BY_NAME[command].judge(Call(options, stdout, folder, document))]


def test_a_log_that_lost_an_entry_or_its_order_is_found(tmp_path: Path) -> None:
    case = BY_NAME["logs process"]
    case.prepare(str(tmp_path))
    lines = (tmp_path / "app.log").read_text().splitlines()
    kinds = ["blank" if not line else "written" if line[0] == "2" else "rejected" for line in lines]
    totals = {kind: kinds.count(kind) for kind in ("written", "rejected", "blank")}
    out = [json.dumps({"message": f"item {number}"}) for number in range(totals["written"])]
    (tmp_path / "out.jsonl").write_text("\n".join(out))
    assert verdicts(case.command, {"totals": totals}, folder=str(tmp_path)) == [True, True]
    wrong = totals | {"rejected": totals["rejected"] - 1}
    out[5], out[6] = out[6], out[5]
    (tmp_path / "out.jsonl").write_text("\n".join(out))
    assert verdicts(case.command, {"totals": wrong}, folder=str(tmp_path)) == [False, False]


def test_tasks_that_were_lost_or_came_out_of_order_are_found(tmp_path: Path) -> None:
    case = BY_NAME["pipeline tasks"]
    case.prepare(str(tmp_path))
    items = (tmp_path / "items").read_text().split()
    out = [json.dumps({"result": str(int(item) * 2)}) for item in items]
    (tmp_path / "out.jsonl").write_text("\n".join(out))
    assert verdicts(case.command, options=case.calls[0], folder=str(tmp_path)) == [True]
    for wrong in (out[:-1], [out[1], out[0], *out[2:]], [*out, out[0]]):
        (tmp_path / "out.jsonl").write_text("\n".join(wrong))
        assert verdicts(case.command, options=case.calls[0], folder=str(tmp_path)) == [False]
    (tmp_path / "words.jsonl").write_text('{"result": "a"}\n{"result": "b c"}\n{"result": "d"}\n')
    assert verdicts(case.command, options=case.calls[2], folder=str(tmp_path)) == [True]


def test_a_pattern_that_was_not_verified_or_explained_is_found() -> None:
    assert verdicts("verify", {"result": {"patterns": [{"pattern": "rwlock"}]}}) == [False]
    assert verdicts("explain", {"patterns": [{"name": "rwlock", "diagram": "", "mistakes": [], "example": ""}]}) == [
        False
    ]


def test_facts_about_another_python_and_a_script_of_another_shell_are_found() -> None:
    assert verdicts("info", {"version": "0", "interpreter": {"version": "2.7"}}) == [False]
    assert verdicts("completion", options="zsh", stdout="_CONCLI_COMPLETE=bash_complete") == [False]
