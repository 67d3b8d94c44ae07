import codecs
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import concli.logs.conversion
from concli.errors import UsageError
from concli.logs.encodings import check_encoding
from concli.logs.inputs import expand
from concli.logs.reader import Reader

any_input = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


def read(path: Path, data: bytes, encoding: str = "utf-8") -> list[tuple[int, bytes]]:
    """Return the chunks of a file with these bytes, and where they begin."""
    path.write_bytes(data)
    problems: list[object] = []
    reader = Reader(list(expand([str(path)], print)), problems.append, 1 << 20, encoding=encoding)
    chunks = [(chunk.offset, bytes(chunk.buffer[: chunk.size - chunk.lacks_lf])) for chunk in reader]
    reader.close()
    assert problems == []
    return chunks


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@any_input
@given(text=st.text(), block=st.integers(1, 9))
def test_text_with_a_mark_is_told_by_it(tmp_path: Path, encoding: str, text: str, block: int) -> None:
    if text.startswith("\0"):
        text = "x" + text  # the mark of UTF-16 and a NUL are the mark of UTF-32
    mark = {"utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}.get(encoding) or "\ufeff".encode(
        encoding
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(concli.logs.conversion, "_BLOCK_BYTES", block)
        chunks = read(tmp_path / "log", mark + text.encode(encoding))
    assert chunks == ([(0, text.encode())] if text else [])


@any_input
@given(data=st.binary(), encoding=st.sampled_from(["latin-1", "cp1252", "utf-16-le", "shift_jis", "utf-7", "ascii"]))
def test_any_bytes_become_what_python_makes_of_them(tmp_path: Path, data: bytes, encoding: str) -> None:
    text = data.decode(encoding, "replace").encode("utf-8", "replace")
    got = b"".join(part for _, part in read(tmp_path / "log", data, encoding))
    assert got == text or encoding == "utf-7"
    got.decode()


def test_the_mark_of_utf_8_is_no_part_of_the_text_but_of_the_file(tmp_path: Path) -> None:
    assert read(tmp_path / "log", codecs.BOM_UTF8 + b"a line\n") == [(3, b"a line\n")]


@pytest.mark.parametrize("data", [b"\xef", b"\xef\xbb", b"\xff", b"\xef\xbbx\n", b"\xfex\n"])
def test_what_is_not_quite_a_mark_is_text(tmp_path: Path, data: bytes) -> None:
    assert read(tmp_path / "log", data) == [(0, data)]


def test_halves_of_characters_that_a_decoder_lets_through_are_replaced(tmp_path: Path) -> None:
    assert read(tmp_path / "log", rb"a\ud800b" + b"\n", "raw_unicode_escape") == [(0, "a\ufffdb\n".encode())]


@pytest.mark.parametrize("name", ["no such", "rot13", "base64", "undefined", "idna", "", "a\0b"])
def test_what_is_no_encoding_of_text_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="is no encoding of text"):
        check_encoding(name)


def test_an_encoding_has_many_names() -> None:
    assert check_encoding("UTF8") == "utf-8"
    assert check_encoding("latin1") == "iso8859-1"
