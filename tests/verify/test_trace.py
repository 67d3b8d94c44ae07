from concli.verify.trace import Step, render


def test_each_thread_has_a_column_and_no_line_is_too_long() -> None:
    steps = [Step(f"T{i % 3}", f"acquire Something._with_a_long_name_{i}", "file.py:1") for i in range(12)]
    lines = render(steps, width=60).splitlines()
    assert lines[0].split() == ["T0", "T1", "T2"]
    assert max(map(len, lines)) <= 60
    assert all("…" in line for line in lines[1:])


def test_the_place_is_shown_where_there_is_room() -> None:
    assert "release _mutex  buffer.py:7" in render([Step("T1", "release _mutex", "buffer.py:7")])
    assert "buffer.py" not in render([Step("T1", "release _mutex", "buffer.py:7")], width=20)


def test_threads_of_the_scenario_come_first_whoever_began() -> None:
    steps = [Step(name, "x", "") for name in ("main", "Tail", "T2", "T1")]
    assert render(steps).splitlines()[0].split() == ["T1", "T2", "main", "Tail"]


def test_the_class_of_a_primitive_gives_way_to_the_place() -> None:
    steps = [Step("T1", "acquire Buffer._mutex", "buffer.py:9")]
    assert render(steps, width=40).splitlines()[1] == " 1 acquire Buffer._mutex  buffer.py:9"
    assert render(steps, width=35).splitlines()[1] == " 1 acquire _mutex  buffer.py:9"
    assert render(steps, width=28).splitlines()[1] == " 1 acquire Buffer._mutex"
    assert render(steps, width=20).splitlines()[1] == " 1 acquire _mutex"


def test_a_line_is_shown_with_its_source() -> None:
    assert render([Step("T1", "line", "x.py:1  count = 1")]).splitlines()[1] == " 1 x.py:1  count = 1"


def test_of_lines_in_a_row_the_last_is_shown() -> None:
    steps = [Step("T1", "line", f"x.py:{i}") for i in range(5)] + [Step("T2", "line", "x.py:9")]
    assert len(render(steps).splitlines()) == 3


def test_of_very_many_steps_the_last_are_shown_with_their_numbers() -> None:
    lines = render([Step("T1", f"x{i}", "") for i in range(30)], last=2).splitlines()
    assert [line.split() for line in lines] == [["T1"], ["29", "x28"], ["30", "x29"]]


def test_nothing_is_nothing() -> None:
    assert render([]) == ""
