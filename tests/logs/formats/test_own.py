"""Formats of one's own, and the one line that says what is wrong with them."""

from pathlib import Path

import pytest

from concli.errors import InputError, UsageError
from concli.logs.formats.own import load_formats, pattern_format
from tests.logs.formats.scanning import Entry, read

GOOD = r"""
[[format]]
name = "bakery"
pattern = '(?P<timestamp>\S+ \S+) (?P<level>[A-Z]) oven=(?P<oven>\d+) (?P<message>.*)'
example = ["2026-11-22 16:35:43 W oven=2 dark", "  very"]
levels = { W = "WARNING" }
types = { oven = "number" }

[[format]]
name = "plain"
title = "anything"
pattern = '(?P<message>.+)'
multiline = false
"""


def test_a_pattern_is_a_format() -> None:
    of = pattern_format(r"(?P<timestamp>\S+) (?P<level>\w+) (?P<user>é\w+)")
    assert (of.name, of.fields, of.joins) == ("pattern", ("user",), True)
    assert read(of, "1795365343 INFO éa rest\nmore".encode()) == [
        Entry(b"2026-11-22T16:35:43Z", b"INFO", b"rest\nmore", {"user": "éa"})
    ]


@pytest.mark.parametrize(
    ("regex", "problem"),
    [
        ("(", "is not a regular expression"),
        ("(a)", "has no named group"),
        ("", "has no named group"),
        ("(?P<a>x){99999999999999999999}", "is not a regular expression"),
        ("(?u)(?P<a>x)", "is not a regular expression"),
    ],
)
def test_a_pattern_that_is_none_is_one_line(regex: str, problem: str) -> None:
    with pytest.raises(UsageError, match=problem) as caught:
        pattern_format(regex)
    assert "\n" not in str(caught.value)


def test_a_file_of_formats_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "formats.toml"
    path.write_text(GOOD)
    bakery, plain = load_formats(str(path))
    assert (bakery.title, bakery.fields, bakery.joins) == ("of formats.toml", ("oven",), True)
    assert read(bakery, bakery.example) == [Entry(b"2026-11-22T16:35:43", b"WARNING", b"dark\n  very", {"oven": 2})]
    assert (plain.title, plain.joins, plain.example) == ("anything", False, b"")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("x = [\n=", "not TOML.*line 2"),
        ("", r"no format; begin each with \[\[format\]\]"),
        ("x = 1", "'x' is not known here"),
        ("[format]\nname = 'a'", "no format"),
        ("format = [1]", "no format"),
        ("[[format]]\npattern = '(?P<a>x)'", "format number 1: give it a name"),
        ("[[format]]\nname = 'a b'\npattern = '(?P<a>x)'", "format a b: give it a name"),
        ("[[format]]\nname = 'a'", "format a: give it a pattern"),
        ("[[format]]\nname = 'a'\npatern = 'x'", "'patern' is not known; write pattern"),
        ("[[format]]\nname = 'a'\nqqq = 'x'", "'qqq' is not known; take name, "),
        ("[[format]]\nname = 'a'\npattern = 1", "pattern is not a text"),
        ("[[format]]\nname = 'a'\npattern = '('", "format a: '\\(' is not a regular"),
        ("[[format]]\nname = 'a'\npattern = '(?P<a>x)'\nlevels = {I = 1}", "levels are texts"),
        ("[[format]]\nname = 'a'\npattern = '(?P<a>x)'\nlevels = {I = 'INFO'}", "no group .*level"),
        ("[[format]]\nname = 'a'\npattern = '(?P<a>x)'\ntypes = {b = 'number'}", "no field 'b'"),
        ("[[format]]\nname = 'a'\npattern = '(?P<a>x)'\ntypes = {a = 'int'}", "a can't be 'int'; take number or text"),
        ("[[format]]\nname = 'a'\npattern = '(?P<a>x)'\nexample = [1]", "example is a text or a list"),
        ("[[format]]\nname = 'a'\npattern = '(?P<a>x)'\n" * 2, "two formats are called 'a'"),
    ],
)
def test_what_is_wrong_with_a_file_is_one_line_with_its_name(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "formats.toml"
    path.write_text(text)
    with pytest.raises(UsageError, match=problem) as caught:
        load_formats(str(path))
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        load_formats(str(tmp_path / "missing.toml"))
    (tmp_path / "latin.toml").write_bytes(b"# \xe9")
    with pytest.raises(UsageError, match="byte 2 is not UTF-8"):
        load_formats(str(tmp_path / "latin.toml"))
