"""Text from outside, made safe to show on a terminal."""

import sys
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from concli.terminal import visible

any_text = st.text(st.characters(exclude_categories=[]))  # lone surrogates included
law = settings(deadline=None)


def is_obeyed(character: str) -> bool:
    """Return whether a terminal would act on a character, or cannot be sent it, rather than show it."""
    reorders = unicodedata.bidirectional(character) in {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    marks = character in "\u061c\u200e\u200f"
    breaks = unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} and character not in "\t\n"
    return reorders or marks or breaks


@law
@given(any_text)
def test_no_control_character_is_left(text: str) -> None:
    shown = visible(text)
    assert not any(map(is_obeyed, shown))
    shown.encode()


@law
@given(any_text)
def test_what_is_visible_stays_as_it_is(text: str) -> None:
    assert visible(visible(text)) == visible(text)


def test_every_plain_character_is_left_as_it_is_and_every_other_becomes_ascii() -> None:
    everything = [chr(code) for code in range(sys.maxunicode + 1)]
    plain = "".join(character for character in everything if not is_obeyed(character))
    assert visible(plain) == plain
    assert all(visible(character).isascii() for character in everything if is_obeyed(character))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("tab\tand\nline feed", "tab\tand\nline feed"),
        ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
        ("over\rwritten", r"over\x0dwritten"),
        ("\x7f\x9b31m", r"\x7f\x9b31m"),
        ("abc\u202edcba", r"abc\u202edcba"),
        ("\u2028", r"\u2028"),
        ("\ud800", r"\ud800"),
        (b"\xff\x80".decode("utf-8", "surrogateescape"), r"\xff\x80"),
        ("größe 日本 🙂", "größe 日本 🙂"),
    ],
)
def test_an_escape_names_the_character_or_the_byte(text: str, shown: str) -> None:
    assert visible(text) == shown
