"""The heading above and the ending below a job's output."""

from dataclasses import dataclass
from textwrap import wrap

from rich.cells import cell_len

from codesync_protocol.verdict import Verdict
from codesync_tui.transcript.output_line import OutputLine
from codesync_tui.transcript.output_style import OutputSource, OutputStyle


@dataclass(frozen=True, slots=True)
class Heading:
    """The heading of a job's output.

    Attributes:
        name: the name of the submitter.
        colour: the index of the submitter's colour.
        title: the name of the main file.
        language: the title of the language.
        short_id: the beginning of the job's id.
        input: its prepared input, e.g. "8 bytes of prepared input"; empty if there is none.
    """

    name: str
    colour: int
    title: str
    language: str
    short_id: str
    input: str = ""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a job ended.

    Attributes:
        verdict: the verdict.
        word: the verdict as a word.
        figures: exit code or signal, times and memory.
        explanation: one more sentence; empty if the verdict suffices.
    """

    verdict: Verdict
    word: str
    figures: tuple[str, ...] = ()
    explanation: str = ""

    def lines(self, width: int = 0) -> list[OutputLine]:
        """Format the lines below the output.

        Args:
            width: columns in which they are wrapped; 0 turns wrapping off.
        """
        mark, source = verdict_symbol(self.verdict)
        head = f"{mark} {self.word}"
        first, *more = self._rows(head, width)
        styles = ((0, OutputStyle(source)), (len(head), OutputStyle(OutputSource.FIGURES)))
        more += self._sentence(width)
        return [
            OutputLine(first, styles if len(first) > len(head) else styles[:1]),
            *(OutputLine(row, ((0, OutputStyle(OutputSource.FIGURES)),)) for row in more),
        ]

    def _rows(self, head: str, width: int) -> list[str]:
        """Append the figures to the verdict, as many in each row as fit."""
        rows, joint = [head], "  "
        for figure in self.figures:
            if width and cell_len(f"{rows[-1]}{joint}{figure}") > width:
                rows.append(f"{_INDENT}{figure}")
            else:
                rows[-1] += f"{joint}{figure}"
            joint = " · "
        return rows

    def _sentence(self, width: int) -> list[str]:
        if not width or not self.explanation:
            return [f"{_INDENT}{self.explanation}"] if self.explanation else []
        return [f"{_INDENT}{row}" for row in wrap(self.explanation, max(1, width - len(_INDENT)))]


_INDENT = "  "

_MARKS = {
    Verdict.OK: ("✓", OutputSource.GOOD),
    Verdict.CANCELLED: ("■", OutputSource.ENDED),
    Verdict.LOST: ("?", OutputSource.ENDED),
}
_BAD_MARK = ("✗", OutputSource.BAD)


def verdict_symbol(verdict: Verdict) -> tuple[str, OutputSource]:
    """Return the symbol of a verdict and the source that defines its style."""
    return _MARKS.get(verdict, _BAD_MARK)
