"""Items take their places in a command, and nothing else."""

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from concli.errors import UsageError
from concli.tasks.stages.template import Template

_NASTY = [
    "'; touch pwned; '",
    '"; touch pwned; "',
    "$(touch pwned)",
    "`touch pwned`",
    "a  b",
    "*",
    "\\",
    "-n",
    "x\ny",
    "",
]
_ITEMS = st.one_of(
    st.sampled_from(_NASTY), st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
)


def output_of(template: Template, item: str) -> str:
    done = subprocess.run(
        template.words(item), executable=template.program, check=True, stdin=subprocess.DEVNULL, capture_output=True
    )
    return done.stdout.decode()


@pytest.mark.parametrize(
    ("command", "around"),
    [
        ("printf %s {}", "{}"),
        ("printf %s", "{}"),
        ("printf %s 'a {} b'", "a {} b"),
        ('printf %s "a {} b"', "a {} b"),
        ("printf %s a{}b", "a{}b"),
        ("printf %s {};", "{}"),
        ("printf %s 'a {} b';", "a {} b"),
        ('printf %s "a {} $((1 + 1)) \\" {}";', 'a {} 2 " {}'),
        ('printf %s "$(printf %s. "it\'s {}")"', "it's {}."),
        ('(printf %s {}; printf %s "(\'" \'{} \\\' "{}")', "{}('{} \\{}"),
        ("# it's a comment\nprintf %s {} # it's another", "{}"),
        ("X='# no comment'; printf '%s' \"# none {}\" '# none {}'", "# none {}# none {}"),
        ('X=1 printf %s "${X:-\\"}" {}', '"{}'),
    ],
)
@given(item=_ITEMS)
def test_an_item_is_one_word_or_its_part_wherever_it_stands(command: str, around: str, item: str) -> None:
    template = Template(command)
    assert output_of(template, item) == around.replace("{}", item)
    shown = subprocess.run(["sh", "-c", template.shown(item)], check=True, capture_output=True)
    assert shown.stdout.decode() == around.replace("{}", item)


@pytest.mark.parametrize(
    ("item", "forms"),
    [
        ("/a.b/c.tar.gz", ["/a.b/c.tar.gz", "/a.b/c.tar", "c.tar.gz", "/a.b", "c.tar"]),
        ("name", ["name", "name", "name", ".", "name"]),
        ("a.b/.rc", ["a.b/.rc", "a.b/.rc", ".rc", "a.b", ".rc"]),
    ],
)
@pytest.mark.parametrize("end", ["", ";"])
def test_an_items_parts_have_places_of_their_own(item: str, forms: list[str], end: str) -> None:
    template = Template("printf '%s|' {} {.} {/} {//} {/.}" + end)
    assert output_of(template, item) == "".join(f"{form}|" for form in forms)


@pytest.mark.parametrize(
    ("command", "program"),
    [
        ("ls -l --color=never {}", "ls"),
        ("ls 'a $b' \"c 'd'\"", "ls"),
        ("ls | wc", "sh"),
        ("ls *", "sh"),
        ("ls ~", "sh"),
        ("LC_ALL=C ls", "sh"),
        ("exit 3", "sh"),
        ("no-such-program", "sh"),
        ("ls\nls", "sh"),
        ("ls {a,b}", "sh"),
        ("{}", "sh"),
    ],
)
def test_only_a_command_of_plain_words_is_run_without_a_shell(command: str, program: str) -> None:
    assert Template(command).words("x")[0] == Template(command).program.rpartition("/")[2] == program


@pytest.mark.parametrize(
    "command", ["echo `ls {}`", "echo ${x:-{}}", "cat <<END\n{}\nEND", "echo {#}", "echo \0", 'echo "`ls {}`"']
)
def test_a_place_that_can_not_be_quoted_is_refused(command: str) -> None:
    with pytest.raises(UsageError, match="sh:"):
        Template(command)


def test_with_standard_input_nothing_is_added() -> None:
    assert Template("wc -c", appends=False).words("x") == ["wc", "-c"]
