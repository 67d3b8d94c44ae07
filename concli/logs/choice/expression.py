"""The language of ``--where``: from text to a tree.

::

    any_of    = all_of {"or" all_of}
    all_of    = condition {"and" condition}
    condition = "not" condition | "(" any_of ")" | "has" NAME
              | operand ("==" | "!=" | "<" | "<=" | ">" | ">=") operand
              | NAME ("~" | "!~") STRING
              | NAME ["not"] "in" "(" value {"," value} ")"
    operand   = NAME | STRING | NUMBER

A NAME is ``timestamp``, ``level``, ``message`` or that of a field, between backquotes if it looks like something
else. A STRING stands between quotes of either kind, and only these are escaped in it. In a list, and beside
``level`` and ``timestamp``, a word needs no quotes. ``=``, ``&&``, ``||`` and ``!`` are understood, too.
"""

import re
from typing import NamedTuple, NoReturn

from concli.errors import UsageError
from concli.logs.choice.numbers import number_of
from concli.logs.choice.tree import All, Any, Comparison, Expression, Has, Literal, Match, Name, Not, OneOf

__all__ = ["parse"]


class _Token(NamedTuple):
    kind: str
    text: str
    place: int


_TOKEN = re.compile(
    r"""\s*(?:
    (?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    |(?P<quoted>`[^`]+`)
    |(?P<operator>==|!=|<=|>=|!~|&&|\|\||[=<>~!(),])
    |(?P<word>[^\s"'`=<>~!(),&|]+)
    |(?P<end>\Z)
    )""",
    re.VERBOSE | re.DOTALL,
)
_NAME = re.compile(r"[^\W\d][\w.-]*|@[\w.-]+")
_COMPARISONS = frozenset(["==", "=", "!=", "<", "<=", ">", ">="])
_KEYWORDS = {"and", "or", "not", "in", "has"}
_SIGNS = {"&&": "and", "||": "or", "!": "not"}
_MAX_DEPTH = 50


def parse(text: str, option: str = "--where") -> Expression:
    """Return the expression. Raises ``UsageError``, with the column in which something is wrong.

    >>> parse("status >= 500").operator
    '>='
    """
    return _Parser(text, option).whole()


class _Parser:
    def __init__(self, text: str, option: str) -> None:
        self._text = text
        self._option = option
        self._tokens = self._tokenize()
        self._next = 0
        self._depth = 0

    def _fail(self, place: int, problem: str) -> NoReturn:
        raise UsageError(f"{self._option}: column {place + 1}: {problem}")

    def _tokenize(self) -> list[_Token]:
        tokens, place = [], 0
        while True:
            match = _TOKEN.match(self._text, place)
            if match is None:
                place += len(self._text[place:]) - len(self._text[place:].lstrip())
                quote = self._text[place]
                self._fail(place, f"this {quote} is never closed" if quote in "\"'`" else f"unexpected {quote}")
            kind = match.lastgroup or ""
            text = match[kind]
            if kind == "operator" and text in _SIGNS:
                kind, text = "keyword", _SIGNS[text]
            elif kind == "word" and text.lower() in _KEYWORDS:
                kind, text = "keyword", text.lower()
            tokens.append(_Token(kind, text, match.start(match.lastgroup or 0)))
            if kind == "end":
                return tokens
            place = match.end()

    def _take(self, *texts: str) -> _Token | None:
        token = self._tokens[self._next]
        if token.kind not in ("keyword", "operator") or token.text not in texts:
            return None
        self._next += 1
        return token

    def _expect(self, text: str) -> None:
        if not self._take(text):
            self._fail_at_next(f"{text} is missing")

    def _fail_at_next(self, problem: str) -> NoReturn:
        token = self._tokens[self._next]
        self._fail(token.place, f"{problem} before {token.text or 'the end'}")

    def whole(self) -> Expression:
        expression = self._any_of()
        if self._tokens[self._next].kind != "end":
            self._fail_at_next("and, or or an operator is missing")
        return expression

    def _any_of(self) -> Expression:
        parts = [self._all_of()]
        while self._take("or"):
            parts.append(self._all_of())
        return parts[0] if len(parts) == 1 else Any(tuple(parts))

    def _all_of(self) -> Expression:
        parts = [self._condition()]
        while self._take("and"):
            parts.append(self._condition())
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _condition(self) -> Expression:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            self._fail(self._tokens[self._next].place, "this is nested too deeply")
        if self._take("not"):
            found: Expression = Not(self._condition())
        elif self._take("("):
            found = self._any_of()
            self._expect(")")
        elif self._take("has"):
            found = Has(self._name())
        else:
            found = self._relation()
        self._depth -= 1
        return found

    def _name(self) -> str:
        operand = self._operand()
        if isinstance(operand, Literal):
            self._fail(operand.place, "a name is needed here; one that looks otherwise stands between backquotes")
        return operand.name

    def _relation(self) -> Expression:
        left = self._operand()
        if sign := self._take("~", "!~"):
            if not isinstance(left, Name):
                self._fail(sign.place, f"a name is needed before {sign.text}")
            return Match(left.name, self._pattern(), sign.text == "!~")
        negated = self._take("not")
        if self._take("in"):
            if not isinstance(left, Name):
                self._fail(left.place, "a name is needed before in")
            return OneOf(left.name, self._list(), bool(negated))
        operator = None if negated else self._take(*_COMPARISONS)
        if operator is None:
            self._fail_at_next("==, !=, <, <=, >, >=, ~, !~ or in is missing")
        right = self._operand(as_text=isinstance(left, Name) and left.name in ("level", "timestamp"))
        return Comparison(left, "==" if operator.text == "=" else operator.text, right)

    def _operand(self, *, as_text: bool = False) -> Name | Literal:
        token = self._tokens[self._next]
        if token.kind not in ("string", "quoted", "word"):
            self._fail_at_next("a name or a value is missing")
        self._next += 1
        if token.kind == "quoted":
            return Name(token.text[1:-1])
        if token.kind == "string":
            quote = token.text[0]
            return Literal(_bytes(token.text[1:-1].replace("\\" + quote, quote)), place=token.place)
        number = number_of(_bytes(token.text))
        if as_text or number is not None or not _NAME.fullmatch(token.text):
            return Literal(_bytes(token.text), number, token.place)
        return Name(token.text)

    def _value(self) -> Literal:
        place = self._tokens[self._next].place
        value = self._operand(as_text=True)
        if isinstance(value, Name):
            self._fail(place, "a value is needed here, not a name")
        return value

    def _list(self) -> tuple[Literal, ...]:
        values = []
        self._expect("(")
        while True:
            values.append(self._value())
            if not self._take(","):
                self._expect(")")
                return tuple(values)

    def _pattern(self) -> re.Pattern[str]:
        value = self._value()
        try:
            return re.compile(value.text.decode("utf-8", "surrogateescape"))
        except re.error as error:
            self._fail(value.place, f"not a regular expression: {error}")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
