"""The input: a seeded log of any size in the base format, as varied as a real one.

``YYYY-MM-DD HH:MM:SS [LEVEL] message``, about 80 bytes a line. Of the entries, 2% have quotes (and now
and then a backslash) and 1% are not ASCII; 1% of the lines are those of tracebacks.
"""

import datetime as dt
from collections.abc import Callable, Iterator
from random import Random

__all__ = ["copy_start", "make_log"]

# Up to here every line is made anew; a longer log goes on with the same lines, timestamps as they are.
_DISTINCT_BYTES = 64 * 1024 * 1024
_BLOCK_BYTES = 1024 * 1024

_WITH_QUOTES = 0.02
_NOT_ASCII = 0.01
_TRACEBACK_AFTER_ERROR = 0.0365  # one entry in twenty is an error, a traceback five or six lines: 1% of all

_LEVELS = {"INFO": 70, "DEBUG": 15, "WARNING": 10, "ERROR": 4, "CRITICAL": 1}

_METHODS = ("GET", "GET", "GET", "POST", "PUT", "DELETE")
_THINGS = ("orders", "customers", "invoices", "baskets", "products", "payments", "shipments", "sessions")
_TABLES = ("order_line", "customer", "stock_movement", "price_list", "audit_event", "session")
_HOSTS = ("db-1", "db-2", "cache-eu-1", "search.internal", "mail.example.com", "payments.example.net")
_CITIES = ("Zürich", "Kraków", "São Paulo", "東京", "Αθήνα", "Malmö", "İstanbul", "Санкт-Петербург")
_NAMES = ("alice", "bjorn", "chandra", "dmitri", "elena", "fatima", "george", "hiroko")

Message = Callable[[Random], str]

_MESSAGES: dict[str, tuple[Message, ...]] = {
    "INFO": (
        lambda r: f"{r.choice(_METHODS)} /api/v2/{r.choice(_THINGS)}/{_id(r)} 200 {r.randrange(90_000)} {_ms(r)}",
        lambda r: f"{_ip(r)} {r.choice(_METHODS)} /{r.choice(_THINGS)}?page={r.randrange(1, 400)} 200 in {_ms(r)}",
        lambda r: f"user {r.choice(_NAMES)}{r.randrange(9999)} signed in from {_ip(r)}",
        lambda r: f"order {_id(r)} paid: {r.randrange(1, 90_000) / 100:.2f} EUR, reference {_hex(r)}",
        lambda r: f"job {_hex(r)} finished after {_ms(r)}, {r.randrange(50_000)} rows into {r.choice(_TABLES)}",
        lambda r: f"mail to customer {_id(r)} handed to mail.example.com, message-id {_hex(r)}",
        lambda r: f"worker-{r.randrange(32)} ready",
    ),
    "DEBUG": (
        lambda r: f"select * from {r.choice(_TABLES)} where id = {_id(r)} -- {r.randrange(200)} rows, {_ms(r)}",
        lambda r: f"cache miss for {r.choice(_THINGS)}:{_id(r)}, loading from {r.choice(_HOSTS)}",
        lambda r: f"pool of {r.choice(_HOSTS)}: {r.randrange(20)} in use, {r.randrange(20)} idle, 0 waiting",
        lambda r: f"lock {r.choice(_TABLES)} released after {_ms(r)}",
        lambda r: "changed: " + ", ".join(f"{r.choice(_TABLES)}={_id(r)}" for _ in range(r.randrange(1, 16))),
    ),
    "WARNING": (
        lambda r: (
            f"slow query on {r.choice(_TABLES)}: {r.randrange(1000, 30_000)} ms, plan {_hex(r)}, {_id(r)} rows read"
        ),
        lambda r: f"retry {r.randrange(1, 5)} of 5 for {r.choice(_HOSTS)}: connection reset by peer",
        lambda r: f"rate limit reached for {_ip(r)}: {r.randrange(100, 900)} requests in 60 s",
        lambda r: f"disk /var/lib/shop is {r.randrange(80, 97)}% full",
    ),
    "ERROR": (
        lambda r: f"payment {_hex(r)} of order {_id(r)} failed: timeout after {r.randrange(5, 60)} s",
        lambda r: f"{r.choice(_METHODS)} /api/v2/{r.choice(_THINGS)}/{_id(r)} 500 in {_ms(r)}: unhandled exception",
        lambda r: f"can't reach {r.choice(_HOSTS)}:{r.choice((5432, 6379, 443))}: [Errno 111] connection refused",
    ),
    "CRITICAL": (
        lambda r: f"{r.choice(_HOSTS)} is down, {r.randrange(2, 40)} requests lost; switching to the replica",
        lambda r: f"worker-{r.randrange(32)} killed by signal 9, restarting (attempt {r.randrange(1, 9)})",
    ),
}

_QUOTED: tuple[Message, ...] = (
    lambda r: f'search for "{r.choice(_THINGS)} {_id(r)}" found {r.randrange(500)} results in {_ms(r)}',
    lambda r: f'webhook sent {{"order": {_id(r)}, "state": "paid", "by": "{r.choice(_NAMES)}"}}',
    lambda r: f'{_ip(r)} "{r.choice(_METHODS)} /{r.choice(_THINGS)} HTTP/1.1" 404 "-" "curl/8.{r.randrange(9)}.0"',
    lambda r: f'import of "C:\\exports\\{r.choice(_TABLES)}_{r.randrange(400)}.csv" by {r.choice(_NAMES)} queued',
)

_FOREIGN: tuple[Message, ...] = (
    lambda r: f"order {_id(r)} ships to {r.choice(_CITIES)}, {r.randrange(1, 90)} kg, {r.randrange(5, 90)} €",
    lambda r: f"sensor {r.randrange(64)} in {r.choice(_CITIES)}: {r.randrange(-200, 400) / 10} °C, within limits ✓",
)

_TRACEBACKS: tuple[tuple[Message, ...], ...] = (
    (
        lambda _: "Traceback (most recent call last):",
        lambda r: f'  File "/srv/shop/app/{r.choice(_THINGS)}.py", line {r.randrange(20, 900)}, in handle',
        lambda _: "    return self.gateway.charge(order, timeout=self.timeout)",
        lambda r: f'  File "/srv/shop/app/gateway.py", line {r.randrange(20, 300)}, in charge',
        lambda _: '    raise PaymentError(f"gateway said {reply.status}")',
        lambda r: f"shop.errors.PaymentError: gateway said {r.randrange(400, 600)}",
    ),
    (
        lambda _: "Traceback (most recent call last):",
        lambda r: f'  File "/srv/shop/app/jobs/{r.choice(_TABLES)}.py", line {r.randrange(20, 900)}, in run',
        lambda _: '    total = sum(row["price"] for row in rows)',
        lambda _: "            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^",
        lambda _: "TypeError: unsupported operand type(s) for +: 'int' and 'NoneType'",
    ),
)


def make_log(path: str, size: int, seed: int = 1) -> int:
    """Write a log of at least ``size`` bytes to ``path``; return its number of lines.

    It never holds more than a little of it: a large parent would count into the peaks of its children.
    """
    lines = written = 0
    with open(path, "wb") as file:
        for entry in _entries(Random(seed)):
            written += file.write(entry)
            lines += entry.count(b"\n")
            if written >= min(size, _DISTINCT_BYTES):
                break
    with open(path, "rb") as source, open(path, "ab", buffering=0) as target:
        while target.tell() < size:  # what is read after the distinct lines are the copies of them
            block = source.readlines(_BLOCK_BYTES)
            target.write(b"".join(block))
            lines += len(block)
    return lines


def copy_start(path: str, start: str, size: int) -> int:
    """Copy the first lines of ``path``, at least ``size`` bytes, to ``start``; return the bytes."""
    with open(path, "rb") as source, open(start, "wb") as target:
        while target.tell() < size:
            target.writelines(source.readlines(min(_BLOCK_BYTES, size - target.tell())))
        return target.tell()


def _entries(r: Random) -> Iterator[bytes]:
    """Yield entries without end, with their tracebacks."""
    levels = [level for level, share in _LEVELS.items() for _ in range(share)]
    at = dt.datetime(2026, 3, 1, 6, 0, 0)  # noqa: DTZ001 (logs give local time)
    stamp = at.isoformat(" ")
    while True:
        if r.random() < 0.1:
            at += dt.timedelta(seconds=r.randrange(1, 4))
            stamp = at.isoformat(" ")
        level = r.choice(levels)
        kind = r.random()
        if kind < _WITH_QUOTES:
            choices = _QUOTED
        elif kind < _WITH_QUOTES + _NOT_ASCII:
            choices = _FOREIGN
        else:
            choices = _MESSAGES[level]
        lines = [f"{stamp} [{level}] {r.choice(choices)(r)}\n"]
        if level in ("ERROR", "CRITICAL") and r.random() < _TRACEBACK_AFTER_ERROR:
            lines += [f"{line(r)}\n" for line in r.choice(_TRACEBACKS)]
        yield "".join(lines).encode()


def _id(r: Random) -> int:
    return r.randrange(1_000, 1_000_000)


def _hex(r: Random) -> str:
    return f"{r.getrandbits(48):012x}"


def _ms(r: Random) -> str:
    return f"{r.randrange(1, 900)} ms"


def _ip(r: Random) -> str:
    address = r.getrandbits(24)
    return f"10.{address >> 16}.{address >> 8 & 255}.{address & 255}"
