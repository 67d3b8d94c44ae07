from concli.files import open_output
from concli.logs.chunk import Chunk
from concli.logs.destination import Destination
from concli.logs.parsed import Parsed
from concli.logs.writer import Writer


def test_levels_without_number_or_end_do_not_fill_the_memory() -> None:
    output = open_output("/dev/null")
    writer = Writer(output, None, Destination().renderer)
    levels = {f"L{n}": 1 for n in range(1500)} | {"x" * 100: 1}
    writer.write(Parsed(Chunk(bytearray(64)), lines=1501, written=1501, levels=levels))
    output.commit()
    assert len(writer.levels) == 1001
    assert writer.levels["(other)"] == 501
    assert sum(writer.levels.values()) == 1501
