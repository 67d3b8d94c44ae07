"""The words of --op."""

import pytest

from concli.arrays.fft.operations import Operation, operations
from concli.errors import UsageError


def test_commas_part_operations_and_the_ends_of_a_band() -> None:
    assert operations(["fft2, bandpass:0.1,0.2,power", "highpass:0.3"]) == (
        Operation("fft2"),
        Operation("bandpass", 0.1, 0.2),
        Operation("power"),
        Operation("highpass", 0.3),
    )
    assert [each.is_filter for each in operations(["fft2,lowpass:0.1"])] == [False, True]


@pytest.mark.parametrize(
    "word",
    [
        *("", "fft3", "lowpass", "lowpass:", "lowpass:x", "lowpass:-1", "lowpass:nan", "lowpass:inf", "bandpass:0.1"),
        *("bandpass:0.2,0.1", "power:2", "fft2,,power"),
    ],
)
def test_a_word_that_is_wrong_is_refused_in_one_line(word: str) -> None:
    with pytest.raises(UsageError, match="--op") as caught:
        operations([word])
    assert "\n" not in str(caught.value)
