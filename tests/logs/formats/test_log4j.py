"""The log4j family."""

import pytest

from concli.logs.formats.format import Format
from concli.logs.formats.log4j import HADOOP, LOG4J, LOGBACK, SPARK, ZOOKEEPER
from tests.conftest import ROOT
from tests.logs.formats.vector import (
    check_common_law,
    check_equals_expression,
    check_needs_no_expression,
    chunk_of,
    entries_of,
    one,
    scanner_of,
)

SAMPLES: dict[str, list[bytes]] = {
    "log4j": [
        b"2026-11-22 16:35:43,989 INFO  [main] com.example.depot.Depot - depot starts on Java 17.0.15",
        b"2026-11-22 16:35:44,001 WARN  [http-nio-8080-exec-1] o.a.Store - bay [K] - 5 left",
        b"2026-11-22 16:35:44,001 ERROR [a thread with blanks] a.very.long.name.of.a.class.that.is.Deep$Inner - m",
    ],
    "logback": [
        b"2026-11-22 16:35:43.989 [main] INFO  com.example.depot.Depot - depot starts",
        b"2026-11-22 16:35:43.989 [pool-1-thread-1] DEBUG c.e.d.Depot - ",
    ],
    "hadoop": [
        b"2015-10-18 18:01:47,978 INFO [main] org.apache.hadoop.mapreduce.v2.app.MRAppMaster: Executing with tokens:",
        b"2015-10-18 18:01:47,978 WARN [IPC Server handler 3 on 62270] org.apache.hadoop.ipc.Server: a: b",
    ],
    "spark": [
        b"17/06/09 20:10:40 INFO executor.CoarseGrainedExecutorBackend: Registered signal handlers",
        b"17/06/09 20:10:41 ERROR storage.BlockManager: Putting block: failed",
    ],
    "zookeeper": [
        b"2015-07-29 17:41:41,536 - INFO  [main:QuorumPeerConfig@101] - Reading configuration",
        b"2015-07-29 19:21:27,278 - WARN  [NIOServerCxn.Factory:0.0.0.0/0.0.0.0:2181:NIOServerCnxn@349] - caught",
    ],
}
FORMATS = [LOG4J, LOGBACK, HADOOP, SPARK, ZOOKEEPER]
each = pytest.mark.parametrize("tested", FORMATS, ids=lambda tested: tested.name)


@each
def test_it_equals_its_expression(tested: Format) -> None:
    check_equals_expression(tested, SAMPLES[tested.name])


@each
def test_usual_lines_are_settled_at_once(tested: Format, monkeypatch: pytest.MonkeyPatch) -> None:
    check_needs_no_expression(tested, SAMPLES[tested.name] * 3, monkeypatch)


@each
def test_it_keeps_the_common_law(tested: Format) -> None:
    check_common_law(tested, SAMPLES[tested.name])


def test_the_parts_of_a_line_are_found() -> None:
    assert one(LOG4J, SAMPLES["log4j"][0]) == {
        "raw": SAMPLES["log4j"][0],
        "timestamp": b"2026-11-22T16:35:43.989",
        "level": b"INFO",
        "thread": b"main",
        "logger": b"com.example.depot.Depot",
        "message": b"depot starts on Java 17.0.15",
    }
    spark = one(SPARK, SAMPLES["spark"][1])
    assert (spark["timestamp"], spark["logger"]) == (b"2017-06-09T20:10:41", b"storage.BlockManager")
    assert spark["message"] == b"Putting block: failed"


def test_hadoop_has_lines_without_a_thread() -> None:
    line = b"2015-10-18 18:01:47,978 INFO org.apache.hadoop.hdfs.server.datanode.DataNode: hello"
    with_thread = SAMPLES["hadoop"][0]
    for lines in ([line], [line, line, with_thread], [line, with_thread, with_thread]):
        entries = entries_of(scanner_of(HADOOP).scan(chunk_of(b"\n".join(lines))))
        assert [entry["thread"] for entry in entries] == [None if at is line else b"main" for at in lines]


def test_zookeeper_may_say_its_id() -> None:
    line = b"2015-07-29 17:41:41,536 [myid:3] - INFO  [QuorumPeer[myid=3]/0.0.0.0:2181:Learner@325] - Getting a diff"
    entry = one(ZOOKEEPER, line)
    assert (entry["myid"], entry["thread"]) == (b"3", b"QuorumPeer[myid=3]/0.0.0.0:2181:Learner@325")


def test_stack_traces_belong_to_their_entries() -> None:
    data = (ROOT / "sample_logs/jvm.log").read_bytes()
    scan = scanner_of(LOG4J).scan(chunk_of(data))
    heads = [line for line in data.split(b"\n")[:-1] if line.startswith(b"2026-")]
    assert scan.entries.size == len(heads)
    assert scan.entries.size + scan.continued + scan.blank == 544
    entries = entries_of(scan)
    assert b"".join((entry["raw"] or b"") + b"\n" for entry in entries) == data
    assert all((entry["message"] or b"").count(b"\n") == (entry["raw"] or b"").count(b"\n") for entry in entries)
    assert {entry["level"] for entry in entries} <= {b"DEBUG", b"INFO", b"WARN", b"ERROR", b"FATAL", b"TRACE"}
