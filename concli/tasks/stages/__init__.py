"""What a stage does with an item: a Python function, an expression or a command."""

from concli.tasks.stages.call import StageCall, make_call
from concli.tasks.stages.failure import CommandFailed
from concli.tasks.stages.spec import StageSpec, parse_stage

__all__ = ["CommandFailed", "StageCall", "StageSpec", "make_call", "parse_stage"]
