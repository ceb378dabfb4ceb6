"""The output of the room's jobs as lines of styled text. Nothing here paints."""

from codesync_tui.transcript.block import Block
from codesync_tui.transcript.output_line import OutputLine
from codesync_tui.transcript.output_style import OutputSource, OutputStyle
from codesync_tui.transcript.transcript import OutputTranscript, RowKind, TranscriptRow

__all__ = [
    "Block",
    "OutputLine",
    "OutputSource",
    "OutputStyle",
    "OutputTranscript",
    "RowKind",
    "TranscriptRow",
]
