"""What happens in a shop's software: the messages and stack traces of generated logs."""

from collections.abc import Callable
from random import Random
from typing import NamedTuple

__all__ = ["Event", "Events", "Words"]

_CALM = ("INFO",) * 70 + ("DEBUG",) * 16 + ("WARNING",) * 10 + ("ERROR",) * 3 + ("CRITICAL",)
_TROUBLE = ("INFO",) * 40 + ("DEBUG",) * 8 + ("WARNING",) * 20 + ("ERROR",) * 28 + ("CRITICAL",) * 4
_QUOTED, _FOREIGN = 0.02, 0.03  # of the messages, up to which; these are 2% and 1%

_METHODS = ("GET", "GET", "GET", "POST", "PUT", "DELETE")
_THINGS = ("orders", "customers", "invoices", "baskets", "products", "payments", "shipments", "sessions")
_TABLES = ("order_line", "customer", "stock_movement", "price_list", "audit_event", "session")
_HOSTS = ("db-1", "db-2", "cache-eu-1", "search.internal", "mail.example.com", "payments.example.net")
_CITIES = ("Zürich", "Kraków", "São Paulo", "東京", "Αθήνα", "Malmö", "İstanbul", "Санкт-Петербург")
_NAMES = ("alice", "bjorn", "chandra", "dmitri", "elena", "fatima", "george", "hiroko")


class Event(NamedTuple):
    """Something to be logged. ``level`` is one of DEBUG, INFO, WARNING, ERROR and CRITICAL."""

    level: str
    message: str
    trace: tuple[str, ...] = ()


class Words:
    """Draws things by chance, by ``Random.random`` alone, which is the same on every version of Python."""

    def __init__(self, random: Random) -> None:
        self.random = random.random

    def pick(self, things: tuple[str, ...]) -> str:
        """Return one of some things."""
        return things[int(self.random() * len(things))]

    def number(self, low: int, high: int) -> int:
        """Return a number from ``low`` to before ``high``."""
        return low + int(self.random() * (high - low))

    def id(self) -> int:
        """Return the number of an order or the like."""
        return 1000 + int(self.random() * 999_000)

    def hex(self) -> str:
        """Return an id of twelve hexadecimal digits."""
        return f"{int(self.random() * 281474976710656):012x}"

    def ip(self) -> str:
        """Return an address."""
        number = int(self.random() * 16777216)
        return f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"

    def method(self) -> str:
        """Return a request's method."""
        return self.pick(_METHODS)

    def thing(self) -> str:
        """Return something a shop has."""
        return self.pick(_THINGS)

    def table(self) -> str:
        """Return a table of its database."""
        return self.pick(_TABLES)

    def host(self) -> str:
        """Return a machine's name."""
        return self.pick(_HOSTS)

    def name(self) -> str:
        """Return a user's name."""
        return self.pick(_NAMES)

    def city(self) -> str:
        """Return a city."""
        return self.pick(_CITIES)


Message = Callable[[Words], str]

_MESSAGES: dict[str, tuple[Message, ...]] = {
    "INFO": (
        lambda w: f"{w.method()} /api/v2/{w.thing()}/{w.id()} 200 {w.number(0, 90_000)} in {w.number(1, 900)} ms",
        lambda w: f"user {w.name()}{w.number(0, 9999)} signed in from {w.ip()}",
        lambda w: f"order {w.id()} paid: {w.number(1, 90_000) / 100:.2f} EUR, reference {w.hex()}",
        lambda w: f"job {w.hex()} finished after {w.number(1, 900)} ms, {w.number(0, 50_000)} rows into {w.table()}",
        lambda w: f"mail to customer {w.id()} handed to mail.example.com, message-id {w.hex()}",
        lambda w: f"worker-{w.number(0, 32)} ready",
    ),
    "DEBUG": (
        lambda w: f"select * from {w.table()} where id = {w.id()} -- {w.number(0, 200)} rows, {w.number(1, 900)} ms",  # noqa: S608 - nobody runs it
        lambda w: f"cache miss for {w.thing()}:{w.id()}, loading from {w.host()}",
        lambda w: f"pool of {w.host()}: {w.number(0, 20)} in use, {w.number(0, 20)} idle, 0 waiting",
        lambda w: f"lock {w.table()} released after {w.number(1, 900)} ms",
    ),
    "WARNING": (
        lambda w: f"slow query on {w.table()}: {w.number(1000, 30_000)} ms, plan {w.hex()}, {w.id()} rows read",
        lambda w: f"retry {w.number(1, 5)} of 5 for {w.host()}: connection reset by peer",
        lambda w: f"rate limit reached for {w.ip()}: {w.number(100, 900)} requests in 60 s",
        lambda w: f"disk /var/lib/shop is {w.number(80, 97)}% full",
    ),
    "ERROR": (
        lambda w: f"payment {w.hex()} of order {w.id()} failed: timeout after {w.number(5, 60)} s",
        lambda w: f"{w.method()} /api/v2/{w.thing()}/{w.id()} 500 in {w.number(1, 900)} ms: unhandled exception",
        lambda w: f"can't reach {w.host()}:{w.number(5000, 7000)}: [Errno 111] connection refused",
    ),
    "CRITICAL": (
        lambda w: f"{w.host()} is down, {w.number(2, 40)} requests lost; switching to the replica",
        lambda w: f"worker-{w.number(0, 32)} killed by signal 9, restarting (attempt {w.number(1, 9)})",
    ),
}
_WITH_QUOTES: tuple[Message, ...] = (
    lambda w: f'search for "{w.thing()} {w.id()}" found {w.number(0, 500)} results in {w.number(1, 900)} ms',
    lambda w: f'webhook sent {{"order": {w.id()}, "state": "paid", "by": "{w.name()}"}}',
    lambda w: f'import of "C:\\exports\\{w.table()}_{w.number(0, 400)}.csv" by {w.name()} queued',
)
_NOT_ASCII: tuple[Message, ...] = (
    lambda w: f"order {w.id()} ships to {w.city()}, {w.number(1, 90)} kg, {w.number(5, 90)} €",
    lambda w: f"sensor {w.number(0, 64)} in {w.city()}: {w.number(-200, 400) / 10} °C, within limits ✓",
)


class Events:
    """Makes events without end; ``traces`` is the share of them with a stack trace, of ``language`` if any."""

    def __init__(self, random: Random, traces: float = 0.0, language: str = "") -> None:
        self._words = Words(random)
        self._random = random.random
        self._traces = traces if language else 0.0
        self._trace = _java_trace if language == "java" else _python_trace

    def next(self, *, is_trouble: bool) -> Event:
        """Return what happens next."""
        random, words = self._random, self._words
        level = (_TROUBLE if is_trouble else _CALM)[int(random() * 100)]
        trace: tuple[str, ...] = ()
        if self._traces and random() < self._traces:
            level, trace = "ERROR", self._trace(words)
        kind = random()
        choices = _WITH_QUOTES if kind < _QUOTED else _NOT_ASCII if kind < _FOREIGN else _MESSAGES[level]
        return Event(level, choices[int(random() * len(choices))](words), trace)


def _python_trace(w: Words) -> tuple[str, ...]:
    return (
        "Traceback (most recent call last):",
        f'  File "/srv/shop/app/{w.thing()}.py", line {w.number(20, 900)}, in handle',
        "    return self.gateway.charge(order, timeout=self.timeout)",
        f'  File "/srv/shop/app/gateway.py", line {w.number(20, 300)}, in charge',
        '    raise PaymentError(f"gateway said {reply.status}")',
        f"shop.errors.PaymentError: gateway said {w.number(400, 600)}",
    )


def _java_trace(w: Words) -> tuple[str, ...]:
    return (
        f"com.example.shop.PaymentException: gateway said {w.number(400, 600)}",
        f"\tat com.example.shop.Gateway.charge(Gateway.java:{w.number(20, 300)})",
        f"\tat com.example.shop.{w.thing().capitalize()}.handle(Handler.java:{w.number(20, 900)})",
        "\tat java.base/java.lang.Thread.run(Thread.java:833)",
        "Caused by: java.net.SocketTimeoutException: Read timed out",
        f"\t... {w.number(2, 30)} more",
    )
