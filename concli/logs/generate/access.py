"""Lines of access logs: the common and the combined format."""

from random import Random

from concli.logs.generate.clock import MONTHS, Clock
from concli.logs.generate.events import Event, Words
from concli.logs.generate.layout import Layout, Line, Write

__all__ = ["COMBINED", "COMMON"]

_STATUSES = {"DEBUG": ("304",), "INFO": ("200", "200", "200", "201", "302"), "WARNING": ("404", "403", "429")}
_STATUSES |= {"ERROR": ("500", "502"), "CRITICAL": ("503",)}
_LEVELS = {"5": "ERROR", "4": "WARNING"}
_AGENTS = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
    "curl/8.5.0",
    "-",
)
_REFERERS = ("-", "-", "https://www.example.org/", "https://search.example.com/?q=tea+%22pot%22")


class _Access:
    """Writes requests. The status follows from the event's level."""

    def __init__(self, random: Random, *, combined: bool) -> None:
        self._words = Words(random)
        self._is_combined = combined

    def __call__(self, clock: Clock, event: Event) -> Line:
        words, day = self._words, clock.day
        client, status, method = words.ip(), words.pick(_STATUSES[event.level]), words.method()
        user = words.name() if words.number(0, 10) == 0 else "-"
        page = words.number(0, 3)
        path = f"/{words.thing()}/{words.id()}" if page else f"/{words.thing()}?page={words.number(1, 400)}"
        size = words.number(0, 90_000)
        request = f"{method} {path} HTTP/1.1"
        head = f"{client} - {user} ["
        text = f'{head}{day.day:02d}/{MONTHS[day.month]}/{day.year}:{clock.time} +0000] "{request}" {status} {size}'
        fields: dict[str, object] = {"remote_addr": client, "method": method, "path": path, "protocol": "HTTP/1.1"}
        fields |= {"status": int(status), "bytes": size}
        if user != "-":
            fields["user"] = user
        if self._is_combined:
            referer, agent = words.pick(_REFERERS), words.pick(_AGENTS)
            text += f' "{referer}" "{agent}"'
            fields |= {name: value for name, value in (("referer", referer), ("user_agent", agent)) if value != "-"}
        level = _LEVELS.get(status[0], "INFO")
        timestamp = f"{clock.date}T{clock.time}+00:00"
        return Line(text, (len(head), len(head) + 26), timestamp, level, request, fields)


def _common(random: Random) -> Write:
    return _Access(random, combined=False)


def _combined(random: Random) -> Write:
    return _Access(random, combined=True)


# NULs before a line are taken for a part of the address, and so it stays an entry.
_DAMAGE = ("torn", "cut")

COMMON = Layout(_common, joins=False, damage=_DAMAGE)
COMBINED = Layout(_combined, joins=False, damage=_DAMAGE)
