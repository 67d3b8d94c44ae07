"""Formats told from the beginning of an input."""

from collections.abc import Iterator

import pytest

from concli.logs.detect import detect
from concli.logs.formats.format import Format
from concli.logs.formats.own import pattern_format
from concli.logs.formats.registry import all_formats, by_name, names

BASE = b"2026-11-22 16:35:43 [INFO] x\n"
GENERAL = b"2026-11-22 16:35:43 some thing\n"
REDIS = b"19743:M 22 Nov 2026 16:34:44.391 # x\n"


def counted(taken: list[str]) -> Iterator[Format]:
    for of in all_formats():
        taken.append(of.name)
        yield of


@pytest.mark.parametrize("name", names())
def test_each_format_is_told_from_its_example(name: str) -> None:
    found = detect(by_name(name).example + b"\n", all_formats())
    assert (found.format.name, found.share) == (name, 1.0)


def test_the_base_format_is_found_without_looking_at_another() -> None:
    taken: list[str] = []
    found = detect(BASE * 3 + b"Traceback\n  x\n\n" + BASE, counted(taken))
    assert (taken, found.format.name, found.matched, found.lines) == (["base"], "base", 6, 6)
    assert str(found) == "base (6 of the first 6 lines)"


def test_what_nothing_knows_is_of_the_first_format() -> None:
    for sample in (
        b"",
        b"\n \n",
        b"some text\nand more\n",
        b"x" * 100_000,
        b"\x00\xff" * 1000,
        b"text\n" * 99 + GENERAL,
    ):
        found = detect(sample, all_formats())
        assert (found.format.name, found.matched) == ("base", 0), sample[:20]
        assert found.share == 0


def test_the_general_format_is_for_what_no_other_knows() -> None:
    assert detect(GENERAL * 9, all_formats()).format.name == "general"
    assert detect(BASE * 5 + GENERAL * 4, all_formats()).format.name == "base"
    assert detect(BASE + GENERAL * 5, all_formats()).format.name == "general"


def test_lines_that_go_on_do_not_count_against_a_format() -> None:
    found = detect(b"torn\n" + REDIS + b"more\n" * 20 + REDIS, all_formats())
    assert (found.format.name, found.matched, found.lines) == ("redis", 22, 23)
    assert found.share == 22 / 23


def test_the_line_that_is_cut_off_is_not_looked_at_unless_there_is_no_other() -> None:
    assert detect(REDIS + REDIS[:9], all_formats()).share == 1
    assert detect(REDIS[:-1], all_formats()).format.name == "redis"


def test_a_format_of_ones_own_comes_before_others_if_it_is_given_first() -> None:
    mine = pattern_format(r"(?P<pid>\d+):(?P<message>.*)")
    assert detect(REDIS * 3, [mine, *all_formats()]).format is mine


def test_one_name_value_line_among_json_does_not_make_it_logfmt() -> None:
    assert detect(b'{"a": 1}\n' * 20 + b"a=1 b=2\n", all_formats()).format.name == "json"


def test_carriage_returns_do_not_matter() -> None:
    assert detect(REDIS.replace(b"\n", b"\r\n") * 3, all_formats()).share == 1
