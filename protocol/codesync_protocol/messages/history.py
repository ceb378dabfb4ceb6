"""A room's past jobs: looked for, read again."""

from typing import Annotated

import msgspec
from msgspec import Meta

from codesync_protocol.limits import FILES_MAX, HISTORY_PAGE_MAX
from codesync_protocol.messages.fields import (
    Argument,
    Count,
    JobId,
    MemberName,
    OptionalJobId,
    Part,
    Sentence,
    ShortText,
    Size,
    Tag,
)
from codesync_protocol.messages.job import JobSummary, SubmitFile
from codesync_protocol.messages.lists import ARGUMENTS, PAST_JOBS


class FetchHistory(
    msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="fetch_history"
):
    """Ask for finished jobs of the room, the latest first. What is empty does not matter.

    Attributes:
        request: comes back with the answer.
        before: only those of a lower place; 0 for all.
        limit: how many at the most.
        text: stands in the beginning of the source, the file's name, the submitter's name or the
            explanation, whatever the case of its letters.
        name: who submitted it.
        language: a LanguageInfo.name.
        verdict: a Verdict.
        job: the id of the only one that is meant.
    """

    request: Count
    before: Count = 0
    limit: Annotated[int, Meta(ge=1, le=HISTORY_PAGE_MAX)] = 50
    text: ShortText = ""
    name: ShortText = ""
    language: Tag = ""
    verdict: Tag = ""
    job: OptionalJobId = ""


class PastJob(msgspec.Struct, frozen=True, array_like=True):
    """A finished job.

    Attributes:
        place: its place among the room's jobs, from 1.
        summary: the job.
        by: the name of the member who cancelled it, if somebody did.
    """

    place: Count
    summary: JobSummary
    by: MemberName = ""


class HistoryPage(msgspec.Struct, frozen=True, array_like=True, tag="history_page"):
    """Finished jobs, in answer to FetchHistory.

    Attributes:
        request: the FetchHistory's.
        jobs: the latest first; fewer than asked for when more do not fit into the message.
        more: whether there may be earlier ones.
        trouble: why they cannot be read now; empty if they can.
    """

    request: Count
    jobs: Annotated[tuple[PastJob, ...], PAST_JOBS.meta] = ()
    more: bool = False
    trouble: Sentence = ""


class FetchSource(
    msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="fetch_source"
):
    """Ask for what a job ran. One answer comes for each; ask for the next when it is there.

    Attributes:
        request: comes back with the answer.
        job: the job.
        offset: where in its body to begin.
    """

    request: Count
    job: JobId
    offset: Size = 0


class SourcePart(msgspec.Struct, frozen=True, array_like=True, tag="source_part"):
    """A piece of what a job ran, in answer to FetchSource.

    Attributes:
        request: the FetchSource's.
        job: the job.
        offset: where in its body this piece lies.
        total: bytes of the body: its files one behind the other, then its prepared stdin.
        data: the piece.
        files: names in the sandbox and sizes, the main file first.
        args: the program's arguments.
        trouble: why it cannot be read; empty if it can.
    """

    request: Count
    job: JobId
    offset: Size
    total: Size
    data: Part = b""
    files: Annotated[tuple[SubmitFile, ...], Meta(max_length=FILES_MAX)] = ()
    args: Annotated[tuple[Argument, ...], ARGUMENTS.meta] = ()
    trouble: Sentence = ""
