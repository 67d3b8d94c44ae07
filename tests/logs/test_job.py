"""The whole job, held against a line at a time and a plain regular expression."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import concli.logs.pipeline
import concli.logs.reader
from concli.errors import OutputError
from concli.logs import Job, process
from concli.logs.destination import Destination
from concli.logs.inputs import expand
from concli.logs.parser import Parser
from concli.logs.source import Source
from concli.metrics import Run
from tests.logs.conftest import Do
from tests.logs.reference import expect, iso

SAMPLES = Path(__file__).parent.parent.parent / "sample_logs"

stamp = st.from_regex(rb"\A20[0-9]{2}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}\Z")
level = st.sampled_from([b"INFO", b"WARN", b"WARNING", b"info", b"E", b"A_VERY_LONG_LEVEL_NAME"]) | st.from_regex(
    rb"\A[A-Za-z0-9_]{1,12}\Z"
)
message = st.binary(max_size=90) | st.text(max_size=60).map(str.encode) | st.sampled_from([b"", b'"\\\t,', b"x" * 200])
near_miss = st.sampled_from(
    [
        b"2026-01-01 00:00:00 [] x",
        b"2026-01-01 00:00:00 [A]",
        b"2026-01-01 00:00:00 [A]x",
        b"2026-01-01 00:00:0: [A] x",
        b"2026-01-01T00:00:00 [A] x",
        b"2026-01-01 00:00:00 [A-B] x",
        b"2026-01-01 00:00:00 [\xc3\x84] x",
        b" \t\r\x0b",
    ]
)
line = st.builds(b"%s [%s] %s".__mod__, st.tuples(stamp, level, message)) | near_miss | st.binary(max_size=40)
# What says of itself that it is compressed, or UTF-16, is read as such.
MARKS = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
log = (
    st.lists(st.tuples(line, st.sampled_from([b"\n", b"\r\n", b"\n\n"])).map(b"".join), max_size=40)
    .map(b"".join)
    .filter(lambda data: not data.startswith(MARKS))
)
tail = st.sampled_from([b"", b"2026-01-01 00:00:00 [INFO] end", b"2026-01-01 00:00:00 [INFO", b"\r", b"x"])

any_input = settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])


@any_input
@given(data=st.builds(bytes.__add__, log, tail), threads=st.integers(1, 3), chunk=st.sampled_from([64, 1 << 20]))
@example(data=b"2026-01-01 00:00:00 [A] x\r\n2026-01-01 00:00:00 [A] \r", threads=1, chunk=64)
@example(data=b"2026-01-01 00:00:00 [WARN] a\n2026-01-01 00:00:00 [WARNING] b\n", threads=1, chunk=1 << 20)
def test_the_output_and_the_account_are_those_of_a_plain_regular_expression(
    do: Do, monkeypatch: pytest.MonkeyPatch, data: bytes, threads: int, chunk: int
) -> None:
    monkeypatch.setattr(concli.logs.reader, "CHUNK_BYTES", chunk)  # so that lines cross chunks
    expected = expect(data)
    for to in ("text", "jsonl", "csv"):
        done = do(data, to=to, threads=threads)
        if to == "text":
            assert done.output == expected.as_text()
        elif to == "jsonl":
            assert done.jsonl() == expected.as_jsonl()
        else:
            assert done.csv()[1:] == [
                [part.decode("utf-8", "surrogateescape") for part in (iso(entry[0]), *entry[1:])]
                for entry in expected.entries
            ]
        assert [(r["line"], r["offset"]) for r in done.rejects] == [r[:2] for r in expected.rejects]
        assert [r["text"] for r in done.rejects] == [r[2].decode("utf-8", "replace") for r in expected.rejects]
        totals = done.report.totals
        assert totals["read"] == expected.lines
        assert totals["written"] == len(expected.entries)
        assert totals["rejected"] == len(expected.rejects)
        assert totals["blank"] == expected.blank
        assert totals["bytes_in"] == len(data)


@any_input
@given(data=log, max_line=st.integers(24, 130), chunk=st.sampled_from([64, 1 << 20]))
def test_a_line_longer_than_the_limit_is_a_reject_wherever_chunks_end(
    do: Do, monkeypatch: pytest.MonkeyPatch, data: bytes, max_line: int, chunk: int
) -> None:
    monkeypatch.setattr(concli.logs.reader, "CHUNK_BYTES", chunk)
    expected = expect(data, max_line)
    done = do(data, max_line=max_line)
    assert done.output == expected.as_text()
    assert [(r["line"], r["offset"]) for r in done.rejects] == [r[:2] for r in expected.rejects]
    too_long = [r for r in done.rejects if r["reason"] == "line too long"]
    assert [r["length"] for r in too_long] == [len(r[2]) for r in expected.rejects if len(r[2]) > max_line]


@any_input
@given(data=log, choice=st.sampled_from([{"levels": ("info", "Debug")}, {"levels": ("nothing",)}]))
def test_what_is_not_chosen_is_filtered_and_counted(do: Do, data: bytes, choice: dict[str, Any]) -> None:
    wanted = {name.upper().encode() for name in choice["levels"]}
    expected = expect(data)
    done = do(data, **choice)
    expected.entries = [entry for entry in expected.entries if entry[1].upper() in wanted]
    assert done.output == expected.as_text()


def _many_lines() -> bytes:
    lines = [b"2026-01-01 00:00:%02d [L%d] message %d" % (n % 60, n % 7, n) for n in range(30_000)]
    lines[::100] = [b"Traceback"] * len(lines[::100])
    return b"\n".join(lines)


@pytest.mark.parametrize("to", ["text", "jsonl", "csv"])
def test_the_output_is_the_same_bytes_for_any_number_of_threads(
    do: Do, monkeypatch: pytest.MonkeyPatch, to: str
) -> None:
    monkeypatch.setattr(concli.logs.reader, "CHUNK_BYTES", 10_000)
    one, many = (do(_many_lines(), to=to, threads=threads) for threads in (1, 8))
    assert one.output == many.output
    assert one.rejects == many.rejects
    assert one.report.totals == many.report.totals


def test_unordered_output_has_the_same_lines_and_rejects_know_their_places(
    do: Do, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(concli.logs.reader, "CHUNK_BYTES", 10_000)
    ordered, unordered = (do(_many_lines(), threads=4, ordered=ordered) for ordered in (True, False))
    assert sorted(ordered.output.splitlines()) == sorted(unordered.output.splitlines())
    assert ordered.rejects == sorted(unordered.rejects, key=lambda reject: reject["line"])


def test_little_memory_between_the_stages_does_not_stop_them(do: Do, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(concli.logs.reader, "CHUNK_BYTES", 1000)
    monkeypatch.setattr(concli.logs.pipeline, "WAITING_BYTES", 1)
    assert do(_many_lines(), threads=8).output == expect(_many_lines()).as_text()


def test_inputs_come_out_in_the_order_given(do: Do, tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("b", "a", "c")]
    for path in paths:
        path.write_bytes(b"2026-01-01 00:00:00 [X] %s" % path.name.encode())
    assert [line[-1:] for line in do(paths).output.splitlines()] == [b"b", b"a", b"c"]


def test_an_empty_input_gives_an_empty_output(do: Do) -> None:
    assert do(b"").output == b""
    assert do(b"", to="csv").output == b"timestamp,level,message\n"


def test_an_unreadable_input_is_reported_and_the_others_are_processed(do: Do, tmp_path: Path) -> None:
    good = tmp_path / "good"
    good.write_bytes(b"2026-01-01 00:00:00 [X] y\n")
    done = do([tmp_path / "gone", good])
    assert done.output == good.read_bytes()
    assert done.unusable == [f"{tmp_path / 'gone'}: no such file or directory"]


def test_an_input_that_vanishes_before_its_turn_is_reported(
    do: Do, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [tmp_path / "first", tmp_path / "vanishing"]
    for path in paths:
        path.write_bytes(b"2026-01-01 00:00:00 [X] y\n")

    def expand_then_lose(*arguments: Any, **choices: Any) -> Any:
        yield from expand(*arguments, **choices)
        paths[1].unlink()

    monkeypatch.setattr(concli.logs.job, "expand", expand_then_lose)
    done = do(paths)
    assert done.output == b"2026-01-01 00:00:00 [X] y\n"
    assert "vanishing" in done.unusable[0]


def test_an_output_that_is_an_input_is_refused_and_untouched(tmp_path: Path) -> None:
    log, link = tmp_path / "log", tmp_path / "link"
    log.write_bytes(b"2026-01-01 00:00:00 [X] y\n")
    link.hardlink_to(log)
    for place in (log, link):
        with pytest.raises(OutputError, match="this is the input"):
            process(Job(Source((str(log),)), destination=Destination(str(place))), Run("", {}))
    assert log.read_bytes() == b"2026-01-01 00:00:00 [X] y\n"


def test_rejects_and_output_in_one_place_are_refused(tmp_path: Path) -> None:
    destination = Destination(str(tmp_path / "x"), rejects=str(tmp_path / "x"))
    with pytest.raises(OutputError, match="this is the output"):
        process(Job(Source(()), destination=destination), Run("", {}))
    assert list(tmp_path.iterdir()) == []


def test_a_parser_that_raises_ends_the_job_and_leaves_the_output_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, output = tmp_path / "log", tmp_path / "out"
    log.write_bytes(_many_lines())
    output.write_bytes(b"before")
    monkeypatch.setattr(concli.logs.reader, "CHUNK_BYTES", 1000)

    def fail(_parser: Parser, _chunk: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Parser, "parse", fail)
    with pytest.raises(ExceptionGroup) as raised:
        process(Job(Source((str(log),)), destination=Destination(str(output)), threads=3), Run("", {}))
    assert {type(error) for error in raised.value.exceptions} == {ZeroDivisionError}
    assert output.read_bytes() == b"before"
    assert {path.name for path in tmp_path.iterdir()} == {"log", "out"}


def test_a_lost_chunk_fails_the_account(do: Do, monkeypatch: pytest.MonkeyPatch) -> None:
    parse = Parser.parse

    def lose_lines(parser: Parser, chunk: Any) -> Any:
        parsed = parse(parser, chunk)
        parsed.written -= 1
        return parsed

    monkeypatch.setattr(Parser, "parse", lose_lines)
    with pytest.raises(AssertionError, match="read = written"):
        do(_many_lines())


def test_the_sample_of_the_base_format_is_read_to_the_line(do: Do) -> None:
    done = do([SAMPLES / "python-service.log"], to="jsonl")
    size = (SAMPLES / "python-service.log").stat().st_size
    account = {"read": 562, "written": 367, "filtered": 0, "continued": 0, "repeated": 0, "rejected": 178, "blank": 17}
    assert done.report.totals == account | {"bytes_in": size, "bytes_out": len(done.output)}
    assert done.report.result["levels"] == {"DEBUG": 222, "INFO": 93, "ERROR": 33, "WARNING": 17, "CRITICAL": 2}
    assert done.jsonl() == expect((SAMPLES / "python-service.log").read_bytes()).as_jsonl()


@pytest.mark.parametrize("name", ["dpkg", "jvm", "nginx-access", "nginx-error", "postgresql", "redis"])
def test_samples_of_other_formats_are_all_rejects_to_the_base_format(do: Do, name: str) -> None:
    done = do([SAMPLES / f"{name}.log"])
    totals = done.report.totals
    assert totals["written"] == 0
    assert totals["read"] == totals["rejected"] + totals["blank"] == len(done.rejects) + totals["blank"] > 200
