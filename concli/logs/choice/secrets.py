"""What is to be hidden: addresses, tokens, anything by a pattern."""

import functools
import ipaddress
import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

from concli.errors import UsageError

__all__ = ["SECRET_NAME", "Rule", "parse_rules"]


class Rule(NamedTuple):
    """One kind of thing to hide. ``name`` is ``ip``, ``email``, ``token`` or, for a pattern of one's own, ``redacted``.

    If a pattern has a group named ``secret``, that is all that is hidden of what it finds.
    """

    name: str
    patterns: tuple[re.Pattern[str], ...]

    def hide(self, text: str) -> tuple[str, int]:
        """Return the text with ``[name]`` for everything that is to be hidden, and how often that is.

        >>> parse_rules(["ip"])[0].hide("10.0.0.1 to ::1, not 12:30:45 or 1.2.3")
        ('[ip] to [ip], not 12:30:45 or 1.2.3', 2)
        """
        (hidden,), count = self.hide_all([text])
        return hidden, count

    def hide_all(self, texts: list[str]) -> tuple[list[str], int]:
        """Do so in the list of texts itself, and return it and how often in all together."""
        count, mark = 0, f"[{self.name}]"
        for pattern in self.patterns:
            needs, replace = _NEEDS.get(pattern.pattern), pattern.subn
            new = mark if _is_simple(pattern) else _replacement(pattern, mark)
            for number, text in enumerate(texts):
                if needs is None or needs(text):
                    hidden, times = replace(new, text)
                    if times:
                        texts[number] = hidden
                        count += times if new is mark else hidden.count(mark) - text.count(mark)
        return texts, count


def _replacement(pattern: re.Pattern[str], mark: str) -> Callable[[re.Match[str]], str]:
    """Return what makes of something found what is to be seen of it."""
    check = _CHECKS.get(pattern.pattern)
    group = "secret" if "secret" in pattern.groupindex else 0

    def hidden(match: re.Match[str]) -> str:
        start, end = match.span(group)
        if start == end or (check and not check(match[0])):
            return match[0]
        return match.string[match.start() : start] + mark + match.string[end : match.end()]

    return hidden


_OCTET = r"(?:25[0-5]|2[0-4][0-9]|[01]?[0-9]?[0-9])"
_IPV4 = (
    r"[0-9](?<![0-9][0-9])(?<![0-9]\.[0-9])"
    r"(?:(?<=[01])[0-9]{0,2}|(?<=2)(?:[0-4][0-9]?|5[0-5]?|[6-9])?|(?<=[3-9])[0-9]?)"
    rf"(?:\.{_OCTET}){{3}}(?!\.?[0-9])"
)
_IPV6 = rf"(?<![\w.])(?:[0-9A-Fa-f]{{0,4}}:){{2,7}}(?:{_OCTET}(?:\.{_OCTET}){{3}}|[0-9A-Fa-f]{{0,4}})(?![\w:])"
# The look behind has each run of characters tried from its beginning alone.
_EMAIL = r"(?<![\w.%+-])[\w.%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,10}[A-Za-z]{2,63}(?![\w-])"
_JWT = r"\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?"
_AUTHORIZATION = r"(?i:\b(?:bearer|basic))[ \t]{1,2}(?P<secret>[\w.~+/-]{8,}=*)"
_ISSUED = (
    r"\b(?:(?:AKIA|ASIA)[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{20,}"
    r"|xox[abeprs]-[\w-]{10,}|[sr]k_(?:live|test)_\w{16,}|sk-[\w-]{20,}|AIza[\w-]{30,})"
)
_IN_URL = r"://[^\s/@:]{0,256}:(?!\[token\]@)(?P<secret>[^\s/@]{1,256})@"
_VALUE = r"""(?P<secret>(?<=")(?:[^"\\]|\\.)+|(?<=')(?:[^'\\]|\\.)+|(?<!["'])[^\s"'&,;(){}\[\]]+)"""
_QUOTE = r"""\\?["']?"""
_PASSWORD = rf"(?i:pass(?:word|wd|phrase)?|pwd|secret|credentials?){_QUOTE}[ \t]{{0,2}}[=:][ \t]{{0,2}}{_QUOTE}{_VALUE}"
# Behind a colon and without quotes it may be prose: a token has digits.
_KEY = (
    r"(?i:token|(?:api|access|secret|private)[_-]?key|session[_-]?id|signature)"
    rf"""{_QUOTE}[ \t]{{0,2}}(?:=|:(?=[ \t]{{0,2}}(?:\\?["']|\S{{0,64}}[0-9])))[ \t]{{0,2}}{_QUOTE}{_VALUE}"""
)
_HEX = r"(?<![\w-])[0-9a-fA-F]{32,}(?![\w-])"
_BASE64 = r"(?<![\w+/=-])[A-Za-z0-9+/_-]{40,}={0,2}(?![\w+/=-])"

# In the order in which they are applied: a password in an address looks like an e-mail.
_BUILT_IN = {
    "token": Rule(
        "token",
        tuple(
            re.compile(pattern, re.ASCII)
            for pattern in (_JWT, _AUTHORIZATION, _ISSUED, _IN_URL, _PASSWORD, _KEY, _HEX, _BASE64)
        ),
    ),
    "email": Rule("email", (re.compile(_EMAIL),)),
    "ip": Rule("ip", (re.compile(_IPV6), re.compile(_IPV4))),
}

#: Names of fields all of whose values are tokens.
SECRET_NAME = re.compile(
    r"(?i:(?:^|[_.-])(?:password|passwd|passphrase|pwd|secret|credentials?|authorization|token))$"
    r"|(?i:(?:api|access|secret|private)[_-]?key)$|[a-z](?:Password|Secret|Token)$"
)


def _is_ipv6(text: str) -> bool:
    if not any(c in "0123456789" for c in text) and text.count(":") < 4:
        return False  # a::b is more often a name than an address
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True


def _is_base64(text: str) -> bool:
    """Tell a token from a path or a name of many words: it has letters of both cases, digits and few signs."""
    has_both_cases = text != text.lower() and text != text.upper()
    return has_both_cases and any(c.isdigit() for c in text) and sum(map(text.count, "+/_-")) * 10 <= len(text)


_CHECKS: dict[str, Callable[[str], bool]] = {_IPV6: _is_ipv6, _BASE64: _is_base64}

# What there must be for a pattern that is slow to find nothing.
_NEEDS: dict[str, Callable[[str], bool]] = {_IPV6: lambda text: "::" in text or text.count(":") >= 6}
_SIMPLE = frozenset([_IPV4, _EMAIL, _JWT, _ISSUED, _HEX])


@functools.cache
def _is_simple(pattern: re.Pattern[str]) -> bool:
    """Tell whether all of what the pattern finds is to be hidden, and is never nothing."""
    # Of a pattern of one's own that has any of these it may be that it finds nothing at all.
    may_be_nothing = re.search(r"[*?^$|]|\{0|\{,|\\[bBAZ]", pattern.pattern) is not None
    return pattern.pattern in _SIMPLE or not (may_be_nothing or pattern.groupindex or pattern.pattern in _CHECKS)


def parse_rules(texts: Iterable[str], option: str = "--redact") -> tuple[Rule, ...]:
    """Return the rules that the texts name, in the order in which they are to be applied.

    A text is names of rules and at most one pattern, with commas between them; a pattern may have commas.
    Raises ``UsageError`` for a pattern that is none.

    >>> [rule.name for rule in parse_rules(["ip,[0-9]{3,4},email"])]
    ['email', 'ip', 'redacted']
    """
    names: set[str] = set()
    patterns = []
    for text in texts:
        parts = text.split(",")
        for place in (0, -1):
            while parts and parts[place].strip().lower() in _BUILT_IN:
                names.add(parts.pop(place).strip().lower())
        if parts:
            patterns.append(_compiled(",".join(parts), option))
    rules = [_BUILT_IN[name] for name in _BUILT_IN if name in names]
    return (*rules, Rule("redacted", tuple(patterns))) if patterns else tuple(rules)


def _compiled(text: str, option: str) -> re.Pattern[str]:
    try:
        pattern = re.compile(text)
    except re.error as error:
        raise UsageError(f"{option}: {text!r} is no rule ({', '.join(_BUILT_IN)}) nor a pattern: {error}") from error
    if not text:
        raise UsageError(f"{option}: nothing is named; write {', '.join(_BUILT_IN)} or a pattern")
    return pattern
