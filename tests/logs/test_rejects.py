from tests.logs.conftest import Do


def test_a_reject_says_where_it_was_and_why(do: Do) -> None:
    log = b"2026-01-01 00:00:00 [A] ok\r\nTraceback\r\n\n2026-01-01 00:00:00 no level\n\xff"
    assert [{k: v for k, v in reject.items() if k != "file"} for reject in do(log).rejects] == [
        {"line": 2, "offset": 28, "reason": "no timestamp", "text": "Traceback"},
        {"line": 4, "offset": 40, "reason": "no level", "text": "2026-01-01 00:00:00 no level"},
        {"line": 5, "offset": 69, "reason": "no timestamp", "text": "\ufffd"},
    ]


def test_a_line_of_100_mb_is_a_reject_that_is_counted_and_cut(do: Do) -> None:
    entry = b"2026-01-01 00:00:00 [A] ok\n"
    done = do(entry + b"x" * 100_000_000 + b"\r\n" + entry)
    assert done.output == entry * 2
    (reject,) = done.rejects
    assert (reject["line"], reject["offset"], reject["length"]) == (2, len(entry), 100_000_000)
    assert reject["text"] == "x" * 8192
    assert done.report.totals["bytes_in"] == 100_000_002 + 2 * len(entry)


def test_a_file_of_one_line_without_an_end_is_a_reject(do: Do) -> None:
    done = do(b"2026-01-01 00:00:00 [A] " + b"x" * 2_000_000, max_line=1_500_000)
    assert [reject["length"] for reject in done.rejects] == [2_000_024]


def test_an_entry_as_long_as_the_limit_is_kept_whole(do: Do) -> None:
    log = b"2026-01-01 00:00:00 [A] " + b"x" * 3_000_000
    assert do(log, max_line=len(log)).output == log + b"\n"
    assert do(log + b"\r\n", max_line=len(log)).output == log + b"\n"
    assert do(log, max_line=len(log) - 1).output == b""
