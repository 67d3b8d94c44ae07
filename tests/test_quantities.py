"""Quantities are read as people write them, and what is none is refused in one line."""

import pytest

from concli.quantities import parse_bytes, parse_rate, parse_seconds, parse_share


@pytest.mark.parametrize(
    ("text", "seconds"), [("50us", 5e-5), ("2ms", 2e-3), (" 1.5 s", 1.5), ("2m", 120), ("1h", 3600), ("1d", 86400)]
)
def test_a_time_has_a_unit(text: str, seconds: float) -> None:
    assert parse_seconds(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("text", "size"),
    [("1", 1), ("64k", 1 << 16), ("16MiB", 1 << 24), ("1GB", 1 << 30), ("0.5 kb", 512), ("1T", 1 << 40)],
)
def test_a_size_is_in_powers_of_1024(text: str, size: int) -> None:
    assert parse_bytes(text) == size


@pytest.mark.parametrize(("text", "share"), [("0", 0), ("1%", 0.01), ("0.01", 0.01), ("100 %", 1)])
def test_a_share_is_of_one(text: str, share: float) -> None:
    assert parse_share(text) == share


@pytest.mark.parametrize(("text", "rate"), [("500", 500), ("2k/s", 2000), ("90/min", 1.5), ("1M", 1e6)])
def test_a_rate_is_in_a_second(text: str, rate: float) -> None:
    assert parse_rate(text) == rate


@pytest.mark.parametrize(
    ("parse", "text"),
    [
        *((parse_seconds, text) for text in ["", "2", "-1s", "fast", "1 year", "nan"]),
        *((parse_bytes, text) for text in ["", "0", "-1", "64q", "a", "0.1"]),
        *((parse_share, text) for text in ["", "%", "101%", "-1%", "a", "nan", "inf"]),
        *((parse_rate, text) for text in ["", "0", "-1", "5/year", "1G", "inf"]),
    ],
)
def test_what_is_none_is_refused_with_what_to_write(parse: object, text: str) -> None:
    assert callable(parse)
    with pytest.raises(ValueError, match="; write "):
        parse(text)
