"""Queries of finished jobs of a room, and of their sources."""

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
    """Ask for finished jobs of the room, the latest first. Empty fields match every job.

    Attributes:
        request: a number that the answer repeats.
        before: only jobs with a lower place; 0 for all.
        limit: the largest number of jobs.
        text: occurs in the beginning of the source, the name of the file, the name of the
            submitter or the explanation; upper and lower case are equal.
        name: the name of the submitter.
        language: a LanguageInfo.name.
        verdict: a Verdict.
        job: the id of the only wanted job.
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
        by: the name of the member who cancelled it, if any.
    """

    place: Count
    summary: JobSummary
    by: MemberName = ""


class HistoryPage(msgspec.Struct, frozen=True, array_like=True, tag="history_page"):
    """Finished jobs, in answer to FetchHistory.

    Attributes:
        request: the number of the FetchHistory.
        jobs: the latest first; fewer than requested if more do not fit into the message.
        more: whether jobs follow that may have earlier ones after them; for clients that do not
            know `next_before`.
        trouble: the reason why they cannot be read now; empty otherwise.
        next_before: the `before` of the request for the next page; 0 if no earlier job matches. A
            page may have few jobs or none, and yet others after it: an answer to a search covers a
            limited number of the room's jobs.
    """

    request: Count
    jobs: Annotated[tuple[PastJob, ...], PAST_JOBS.meta] = ()
    more: bool = False
    trouble: Sentence = ""
    next_before: Count = 0


class FetchSource(
    msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="fetch_source"
):
    """Ask for the files of a job. Each request has one answer; then ask for the next part.

    Attributes:
        request: a number that the answer repeats.
        job: the job.
        offset: the position in the body where the answer begins, in bytes.
    """

    request: Count
    job: JobId
    offset: Size = 0


class SourcePart(msgspec.Struct, frozen=True, array_like=True, tag="source_part"):
    """A piece of the body of a job, in answer to FetchSource.

    Attributes:
        request: the number of the FetchSource.
        job: the job.
        offset: the position of this piece in the body, in bytes.
        total: the size of the body: its files one after the other, then its prepared stdin.
        data: the piece.
        files: names and sizes of the files, the main file first.
        args: the program's arguments.
        trouble: the reason why it cannot be read; empty otherwise.
    """

    request: Count
    job: JobId
    offset: Size
    total: Size
    data: Part = b""
    files: Annotated[tuple[SubmitFile, ...], Meta(max_length=FILES_MAX)] = ()
    args: Annotated[tuple[Argument, ...], ARGUMENTS.meta] = ()
    trouble: Sentence = ""
