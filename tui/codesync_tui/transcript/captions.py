"""What stands above and below a job's output."""

from dataclasses import dataclass

from codesync_protocol.verdict import Verdict
from codesync_tui.transcript.line import Line
from codesync_tui.transcript.look import Look, Source


@dataclass(frozen=True, slots=True)
class Heading:
    """Who runs what.

    Attributes:
        name: the submitter.
        colour: index of the submitter's colour.
        title: the main file's name.
        language: what people call the language.
        short_id: the beginning of the job's id.
    """

    name: str
    colour: int
    title: str
    language: str
    short_id: str


@dataclass(frozen=True, slots=True)
class Ending:
    """How it ended.

    Attributes:
        verdict: the verdict.
        word: the verdict as people say it.
        figures: exit code or signal, times and memory, in one line.
        explanation: one sentence more; empty when the verdict says it all.
    """

    verdict: Verdict
    word: str
    figures: str
    explanation: str = ""

    def lines(self) -> list[Line]:
        """Make the lines that stand below the output."""
        mark, source = _MARKS.get(self.verdict, _BAD_MARK)
        head = f"{mark} {self.word}"
        tail = f"  {self.figures}" if self.figures else ""
        looks = ((0, Look(source)), (len(head), Look(Source.FIGURES)))
        lines = [Line(head + tail, looks if tail else looks[:1])]
        if self.explanation:
            lines.append(Line(f"  {self.explanation}", ((0, Look(Source.FIGURES)),)))
        return lines


_MARKS = {
    Verdict.OK: ("✓", Source.GOOD),
    Verdict.CANCELLED: ("■", Source.ENDED),
    Verdict.LOST: ("?", Source.ENDED),
}
_BAD_MARK = ("✗", Source.BAD)
