"""``concli pipeline``: jobs that are a chain of stages."""

import click

from concli.cli.pipeline_fft import fft
from concli.cli.pipeline_tasks import tasks

__all__ = ["pipeline"]


@click.group()
def pipeline() -> None:
    """Send data through a chain of stages, each with threads of its own."""


pipeline.add_command(fft)
pipeline.add_command(tasks)
