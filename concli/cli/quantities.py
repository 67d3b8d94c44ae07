"""Shares, rates and times as they are written on a command line: callbacks of options."""

from collections.abc import Callable
from typing import TypeVar

import click

from concli.quantities import parse_bytes, parse_rate, parse_seconds, parse_share

__all__ = ["byte_size", "duration_of", "rate_of", "share_of"]

T = TypeVar("T")


def _parsed(parse: Callable[[str], T], value: str) -> T:
    try:
        return parse(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


def duration_of(_ctx: click.Context, param: click.Parameter, value: str | None) -> float | None:
    """Turn ``2ms``, ``1.5s``, ``5min`` or ``1h`` into seconds; ``0`` too, but for how long a run is to take."""
    if value is None:
        return None
    seconds = _parsed(parse_seconds, value) if value != "0" else 0.0
    if not seconds and param.name == "duration":
        raise click.BadParameter("there is nothing to measure in no time")
    return seconds


def share_of(_ctx: click.Context, _param: click.Parameter, value: str) -> float:
    """Turn ``1%`` or ``0.01`` into a share of one."""
    return _parsed(parse_share, value)


def rate_of(_ctx: click.Context, _param: click.Parameter, value: str | None) -> float | None:
    """Turn ``500``, ``2k/s`` or ``90/min`` into a number a second."""
    return None if value is None else _parsed(parse_rate, value)


def byte_size(_ctx: click.Context, _param: click.Parameter, value: str | None) -> int | None:
    """Turn ``4096``, ``64k``, ``16MiB`` or ``1GB`` into bytes; k, M and G stand for powers of 1024."""
    return None if value is None else _parsed(parse_bytes, value)
