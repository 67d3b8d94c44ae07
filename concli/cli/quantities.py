"""Shares, rates and times as they are written on a command line: callbacks of options."""

import re

import click

__all__ = ["duration_of", "rate_of", "share_of"]

_RATE = re.compile(r"(\d+(?:\.\d+)?)\s*([kM]?)(?:\s*/\s*(s|min|h))?")
_PER = {None: 1.0, "s": 1.0, "min": 60.0, "h": 3600.0}
_TIMES = {"": 1.0, "k": 1e3, "M": 1e6}


def duration_of(_ctx: click.Context, param: click.Parameter, value: str | None) -> float | None:
    """Turn ``2ms``, ``1.5s``, ``5min`` or ``1h`` into seconds; ``0`` too, but for how long a run is to take."""
    from concli.lab.work import parse_seconds  # noqa: PLC0415 - help must not wait for it

    if value is None:
        return None
    try:
        seconds = parse_seconds(value) if value != "0" else 0.0
    except ValueError as error:
        raise click.BadParameter(str(error)) from error
    if not seconds and param.name == "duration":
        raise click.BadParameter("there is nothing to measure in no time")
    return seconds


def share_of(_ctx: click.Context, _param: click.Parameter, value: str) -> float:
    """Turn ``1%`` or ``0.01`` into a share of one."""
    text = value.strip()
    try:
        share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise click.BadParameter(f"{value!r} is not a share; write 1% or 0.01")
    return share


def rate_of(_ctx: click.Context, _param: click.Parameter, value: str | None) -> float | None:
    """Turn ``500``, ``2k/s`` or ``90/min`` into a number a second."""
    if value is None:
        return None
    match = _RATE.fullmatch(value.strip())
    rate = float(match[1]) * _TIMES[match[2]] / _PER[match[3]] if match else 0.0
    if rate <= 0:
        raise click.BadParameter(f"{value!r} is not a rate; write 500, 2k/s or 90/min")
    return rate
