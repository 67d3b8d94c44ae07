"""The calls that scenarios make on a channel, with accounts of what was sent: nothing is lost or doubled."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from concli.patterns.channel import Channel, UndeliveredError
from concli.patterns.mailbox import MessageType
from concli.verify.models.mailbox import inside

__all__ = ["ACTIONS", "accounts_for_all", "make_channel"]

_RESPONSE = MessageType.RESPONSE


class _Audit:
    """What should be inside or among the dead letters: each payload so many times, some perhaps once more."""

    def __init__(self) -> None:
        self.expected: Counter[Any] = Counter()
        self.perhaps: set[Any] = set()


def make_channel(maxsize: int = 0, full: Any = "block", *, kind: type[Channel] = Channel) -> Channel:
    """Return a channel with the mailboxes ``a``, which has subscribed to the topic, and ``b``."""
    channel = kind()
    for name in ("a", "b"):
        channel.register(name, maxsize, full)
    channel.subscribe("a", "topic")
    vars(channel)["audit"] = _Audit()
    vars(channel)["boxes"] = [channel.mailbox(name) for name in ("a", "b")]
    return channel


def _sending(channel: Channel, payload: Any, send: Any) -> Any:
    audit: _Audit = vars(channel)["audit"]
    audit.perhaps.add(payload)  # until it is known: for ever, if it is interrupted
    try:
        result = send()
    except (TimeoutError, UndeliveredError):
        audit.perhaps.remove(payload)
        audit.expected[payload] += 1
        raise
    except Exception:
        audit.perhaps.remove(payload)
        raise
    audit.perhaps.remove(payload)
    audit.expected[payload] += 1
    return result


def _send(channel: Channel, name: str, payload: Any, is_control: bool, timeout: float | None = None) -> Any:
    kind = MessageType.CONTROL if is_control else MessageType.DATA
    return _sending(channel, payload, lambda: channel.send(name, payload, kind, timeout=timeout))


def _publish(channel: Channel, payload: Any, timeout: float | None = None) -> Any:
    return _sending(channel, payload, lambda: channel.publish("topic", payload, timeout=timeout))


def _request(channel: Channel, name: str, payload: Any, timeout: float | None = None) -> Any:
    return _sending(channel, payload, lambda: channel.request(name, payload, timeout).payload)


def _receive(channel: Channel, name: str, timeout: float | None = None) -> Any:
    payload = channel.receive(name, timeout).payload
    vars(channel)["audit"].expected[payload] -= 1
    return payload


def _serve(channel: Channel, name: str, timeout: float | None = None) -> Any:
    message = channel.receive(name, timeout)
    vars(channel)["audit"].expected[message.payload] -= 1
    if message.correlation_id is None:
        return message.payload, None
    return message.payload, channel.respond(message, ("re", message.payload))


def accounts_for_all(channel: Channel) -> None:
    """Raise if a message is not where it should be, once."""
    # ruff: noqa: S101 - what an invariant is made of
    audit: _Audit = vars(channel)["audit"]
    found = Counter(inside(*vars(channel)["boxes"]))  # nobody may be woken here
    found.update(letter.message.payload for letter in channel.dead_letters if letter.message.kind is not _RESPONSE)
    for payload in {*audit.expected, *found}:
        missing = audit.expected[payload] - found[payload]
        assert missing == 0 or (missing == -1 and payload in audit.perhaps), (payload, missing, found)


ACTIONS: dict[str, Callable[..., Any]] = {
    "send": _send,
    "publish": _publish,
    "request": _request,
    "receive": _receive,
    "serve": _serve,
}
