"""What the programs of a room have written, as lines of text with looks. Nothing here paints."""

from codesync_tui.transcript.block import Block
from codesync_tui.transcript.line import Line
from codesync_tui.transcript.look import Look, Source
from codesync_tui.transcript.transcript import Part, Row, Transcript

__all__ = ["Block", "Line", "Look", "Part", "Row", "Source", "Transcript"]
