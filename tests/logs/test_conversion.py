"""What is converted is read as an input is: whatever the sizes of the parts."""

import os
import zlib
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from concli.logs.conversion import Converted
from concli.logs.inputs import Input, InputFile


class Twice:
    """Gives everything twice; at the end a full stop, or an error."""

    needs_input = True

    def __init__(self, problem: str = "") -> None:
        self.problem = problem

    def feed(self, data: bytes, _limit: int) -> bytes:
        return b"".join(bytes([byte, byte]) for byte in data)

    def finish(self) -> bytes:
        if self.problem:
            raise OSError(self.problem)
        return b"."


@pytest.fixture
def pipe() -> Iterator[tuple[InputFile, int, int]]:
    """An open input, what writes to it, and what cancels it."""
    cancelled, cancel = os.pipe()
    end, writer = os.pipe()
    file = InputFile(Input("pipe", f"/dev/fd/{end}", None, None), cancelled)
    yield file, writer, cancel
    for fd in (cancelled, cancel, end):
        os.close(fd)
    file.close()


@given(sizes=st.lists(st.integers(1, 9)), peeks=st.lists(st.integers(1, 9)), skipped=st.integers(0, 5))
def test_peeking_skipping_and_reading_give_every_byte_once(sizes: list[int], peeks: list[int], skipped: int) -> None:
    cancelled, cancel = os.pipe()
    end, writer = os.pipe()
    file = InputFile(Input("pipe", f"/dev/fd/{end}", None, None), cancelled)
    os.write(writer, b"abcdefghij")
    os.close(writer)
    text = b"aabbccddeeffgghhiijj."
    converted = Converted(file, Twice())
    for least in peeks:
        head = converted.peek(least)
        assert len(head) >= least
        assert text.startswith(head)
    converted.skip(skipped)
    got = b""
    for size in [*sizes, *[10] * 10]:
        block = bytearray(size)
        got += block[: converted.readinto(memoryview(block))]
    assert got == text[skipped:]
    converted.close()
    for fd in (cancelled, cancel, end):
        os.close(fd)


def test_an_error_comes_after_all_that_came_before_it(pipe: tuple[InputFile, int, int]) -> None:
    file, writer, _ = pipe
    os.write(writer, b"x")
    os.close(writer)
    converted = Converted(file, Twice("it broke"))
    block = memoryview(bytearray(9))
    assert converted.has_more()
    assert converted.peek(5) == b"xx"
    assert converted.readinto(block) == 2
    for _ in range(2):
        with pytest.raises(OSError, match="it broke"):
            converted.readinto(block)


def test_it_has_more_only_when_a_whole_step_can_be_made(pipe: tuple[InputFile, int, int]) -> None:
    class Inflate(Twice):
        inflate = zlib.decompressobj()

        def feed(self, data: bytes, _limit: int) -> bytes:
            return self.inflate.decompress(data)

    file, writer, cancel = pipe
    data = zlib.compress(b"hello")
    converted = Converted(file, Inflate())
    os.write(writer, data[:3])
    assert not converted.has_more()
    assert not converted.has_more(0.01)
    os.write(writer, data[3:])
    assert converted.has_more()
    assert converted.peek(5) == b"hello"
    os.write(cancel, b"x")
    os.close(writer)
