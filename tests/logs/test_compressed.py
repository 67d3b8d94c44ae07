"""Inputs that are compressed: whole, cut off at every byte, damaged anywhere."""

import bz2
import functools
import gzip
import importlib
import lzma
import os
import random
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from concli.logs.inputs import expand
from concli.logs.reader import Reader

try:
    zstandard = importlib.import_module("zstandard")
except ImportError:
    zstandard = None  # type: ignore[assignment]

Pack = Callable[[bytes], bytes]

PACKERS: dict[str, Pack] = {"gzip": gzip.compress, "bzip2": lambda data: bz2.compress(data, 1), "xz": lzma.compress}
if zstandard:
    PACKERS["zstd"] = lambda data: zstandard.ZstdCompressor(write_checksum=True).compress(data)
    PACKERS["zstd streamed"] = lambda data: zstandard.ZstdCompressor(
        write_checksum=True, write_content_size=False
    ).compress(data)

# What is lost at most of what came before damage: a block.
LOST = 200_000

packed = pytest.mark.parametrize("name", PACKERS)


def read(path: Path, max_line: int = 1 << 20) -> tuple[bytes, list[str]]:
    """Return the text of a file, and what was reported."""
    problems: list[str] = []
    reader = Reader(list(expand([str(path)], print)), lambda problem: problems.append(problem.problem), max_line)
    text = b""
    for chunk in reader:
        assert chunk.offset == len(text)
        text += chunk.buffer[: chunk.size - chunk.lacks_lf]
        reader.recycle(chunk)
    reader.close()
    return text, problems


@functools.cache
def some_lines(size: int) -> bytes:
    numbers = random.Random(1)
    lines = b""
    while len(lines) < size:
        lines += b"%d is a number\n" % numbers.getrandbits(200)
    return lines


@packed
@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(members=st.lists(st.binary(max_size=300), min_size=1, max_size=4), padding=st.integers(0, 2))
def test_members_one_after_the_other_and_padding_give_their_text(
    tmp_path: Path, name: str, members: list[bytes], padding: int
) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"".join(map(PACKERS[name], members)) + bytes(512 * padding))
    text = b"".join(members)
    assert read(path) == (text.removeprefix(b"\xef\xbb\xbf"), []) or text[:2] in {b"\xff\xfe", b"\xfe\xff"}


@packed
def test_more_than_a_chunk_comes_out_as_it_went_in(tmp_path: Path, name: str) -> None:
    text = some_lines(400_000) * 12
    (tmp_path / "any name").write_bytes(PACKERS[name](text))
    assert read(tmp_path / "any name") == (text, [])


@packed
def test_what_is_cut_off_at_any_byte_gives_what_was_whole(tmp_path: Path, name: str) -> None:
    text = b"one line\nanother one\n" * 3
    data = PACKERS[name](text)
    magic = {"gzip": 2, "bzip2": 10, "xz": 6}.get(name, 4)
    path = tmp_path / "log"
    for size in range(magic, len(data)):
        path.write_bytes(data[:size])
        got, problems = read(path)
        assert text.startswith(got)
        assert problems == [f"the {name.split(maxsplit=1)[0]} data is cut off after {size} bytes"]


@packed
def test_of_large_data_that_is_cut_off_all_comes_that_is_there(tmp_path: Path, name: str) -> None:
    text = some_lines(1_000_000)
    data = PACKERS[name](text)
    (tmp_path / "log").write_bytes(data[: len(data) // 2])
    got, problems = read(tmp_path / "log")
    assert text.startswith(got)
    assert len(got) > len(text) // 2 - LOST
    assert "cut off" in problems[0]


@packed
@pytest.mark.parametrize("place", [0.3, 0.7, 0.95])
def test_damage_in_the_middle_is_reported_and_what_came_before_is_given(
    tmp_path: Path, name: str, place: float
) -> None:
    text = some_lines(1_000_000)
    data = bytearray(PACKERS[name](text))
    at = int(len(data) * place)
    data[at : at + 200] = bytes(byte ^ 0xFF for byte in data[at : at + 200])
    (tmp_path / "log").write_bytes(data)
    got, problems = read(tmp_path / "log")
    assert problems == [f"the {name.split(maxsplit=1)[0]} data is damaged after {len(got)} bytes of what is in it"]
    # The damage may decode to something until it is found out; at the latest at the end of its block.
    same = int(len(text) * place - LOST)
    assert got[:same] == text[:same]


def test_before_damage_every_byte_of_gzip_comes_out(tmp_path: Path) -> None:
    text = some_lines(100_000)
    data = bytearray(gzip.compress(text))
    data[-5] ^= 1  # of the length behind the text
    (tmp_path / "log").write_bytes(data)
    got, problems = read(tmp_path / "log")
    assert got == text
    assert problems == [f"the gzip data is damaged after {len(text)} bytes of what is in it"]


@packed
def test_what_follows_that_is_something_else_is_reported(tmp_path: Path, name: str) -> None:
    (tmp_path / "log").write_bytes(PACKERS[name](b"a line\n") + b"something else, of some length\n")
    got, problems = read(tmp_path / "log")
    assert got == b"a line\n"
    assert ["is damaged after 7 bytes" in problem for problem in problems] == [True]


@packed
def test_a_line_that_is_a_thousand_times_what_it_was_packed_to_takes_little_memory(tmp_path: Path, name: str) -> None:
    (tmp_path / "log").write_bytes(PACKERS[name](bytes(64_000_000) + b"\n" + b"the next line\n"))
    reader = Reader(list(expand([str(tmp_path / "log")], print)), print, 1 << 20)
    tracemalloc.start()
    found = []
    for chunk in reader:
        found.append((chunk.full_length, bytes(chunk.buffer[: min(chunk.size, 14)])))
        reader.recycle(chunk)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    reader.close()
    assert [length for length, _ in found] == [64_000_000, 0]
    assert found[1][1] == b"the next line\n"
    assert peak < 16 << 20


@packed
def test_a_pipe_may_bring_compressed_data_a_few_bytes_at_a_time(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    reader = Reader(list(expand([str(tmp_path / "pipe")], print)), print, 1000)
    writer = os.open(tmp_path / "pipe", os.O_RDWR)
    data = PACKERS[name](b"one\ntwo\n")
    file = iter(reader)
    os.write(writer, data[:1])
    os.write(writer, data[1:])
    chunk = next(file)
    assert bytes(chunk.buffer[: chunk.size]) == b"one\ntwo\n"
    reader.cancel()
    assert list(file) == []
    reader.close()
    os.close(writer)


def test_without_what_reads_zstd_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "zstandard", None)
    monkeypatch.setitem(sys.modules, "compression.zstd", None)
    (tmp_path / "log").write_bytes(bytes.fromhex("28b52ffd") + bytes(20))
    assert read(tmp_path / "log") == (
        b"",
        ["this is compressed with zstd; to read it: pip install 'concli[zstd]'"],
    )


@pytest.mark.skipif(not zstandard, reason="needs zstandard")
def test_a_zstd_frame_that_is_to_be_skipped_is(tmp_path: Path) -> None:
    frame = PACKERS["zstd"](b"a line\n")
    skipped = bytes.fromhex("502a4d18") + (5).to_bytes(4, "little") + b"12345"
    (tmp_path / "log").write_bytes(skipped + frame + skipped + frame)
    assert read(tmp_path / "log") == (b"a line\na line\n", [])


def test_an_xz_file_that_asks_for_too_much_memory_is_refused(tmp_path: Path) -> None:
    filters = [{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 29, "mode": lzma.MODE_FAST, "mf": lzma.MF_HC3, "depth": 1}]
    try:
        data = lzma.compress(b"a line\n", filters=filters)
    except MemoryError:
        pytest.skip("there is not enough memory to make one")
    (tmp_path / "log").write_bytes(data)
    got, problems = read(tmp_path / "log")
    assert got == b""
    assert "asks for too much memory" in problems[0]
