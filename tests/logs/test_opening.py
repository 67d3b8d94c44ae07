import codecs
import gzip
import os
from contextlib import closing
from pathlib import Path

import pytest

from concli.logs.inputs import Input, InputFile, Place
from concli.logs.opening import is_compressed, open_text


@pytest.mark.parametrize("offset", [0, 3, 5, 8])
@pytest.mark.parametrize("is_packed", [False, True])
def test_a_text_is_read_from_a_place_on_that_counts_the_mark_of_utf_8(
    tmp_path: Path, offset: int, is_packed: bool
) -> None:
    data = codecs.BOM_UTF8 + b"a text"
    path = tmp_path / "log"
    path.write_bytes(gzip.compress(data) if is_packed else data)
    never, writer = os.pipe()
    with closing(InputFile(Input("", str(path), None, None), never)) as file:
        text = open_text(file, start=Place(offset))
        assert text.start.offset == max(offset, 3)
        assert text.file.peek(20)[:20] == data[max(offset, 3) :]
        assert text.is_unpacked == is_packed
    os.close(never)
    os.close(writer)


def test_a_place_in_what_is_decoded_counts_what_comes_of_it(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(gzip.compress(codecs.BOM_UTF16_LE + "äöü and so on".encode("utf-16-le")))
    never, writer = os.pipe()
    with closing(InputFile(Input("", str(path), None, None), never)) as file:
        assert open_text(file, start=Place(4)).file.peek(20) == "ü and so on".encode()
    os.close(never)
    os.close(writer)


def test_what_can_not_be_opened_is_not_compressed(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(gzip.compress(b""))
    assert is_compressed(str(tmp_path / "log"))
    assert not is_compressed(str(tmp_path / "gone"))
