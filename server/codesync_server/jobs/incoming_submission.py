"""Checks a submission, and creates its job before anything is queued. Pure."""

from dataclasses import dataclass
from math import ceil

from codesync_protocol.errors import Code
from codesync_protocol.limits import ARGS_MAX, SOURCE_MAX
from codesync_protocol.messages import Submit, SubmitPart
from codesync_server.configuration.limits import StageLimits
from codesync_server.jobs.job import Job, Submitter
from codesync_server.jobs.limit_policy import LimitNotAllowed, LimitPolicy
from codesync_server.jobs.stdin import JobStdin
from codesync_server.languages.language import Language, is_harmless_file_name
from codesync_server.languages.registry import Languages


@dataclass(frozen=True, slots=True)
class SubmissionRefused(Exception):
    """A submission that will not run.

    Attributes:
        code: why, for programs.
        reason: why, for people.
        remedy: what to do about it.
        retry_in: seconds until another attempt makes sense; 0 if the same would be refused again.
    """

    code: Code
    reason: str
    remedy: str = ""
    retry_in: float = 0.0

    @classmethod
    def until(cls, code: Code, reason: str, seconds: float) -> "SubmissionRefused":
        """Refuse a submission that is accepted later.

        Args:
            code: why, for programs.
            reason: the limit that is reached, without a full stop.
            seconds: time until another attempt is useful.
        """
        return cls(code, f"{reason}.", f"Try again in about {ceil(seconds)} s.", seconds)


class IncomingSubmission:
    """One submission while its body arrives.

    Args:
        submit: the announcement of the submission.
        languages: the languages of the server.
        limit_policy: grants the limits of the job.

    Raises:
        SubmissionRefused: the server will not run it.
    """

    def __init__(self, submit: Submit, languages: Languages, limit_policy: LimitPolicy) -> None:
        self.submit = submit
        self.language = _check_language(submit, languages)
        self._file_names = _check_files(submit, self.language)
        _check_sizes(submit)
        self._limits = _grant(submit, limit_policy)
        self._body = bytearray(submit.body)
        self._check_overrun()

    @property
    def received(self) -> int:
        """Number of received bytes of the body."""
        return len(self._body)

    @property
    def is_complete(self) -> bool:
        """Whether the complete body is received."""
        return len(self._body) == self.submit.body_size

    def add(self, part: SubmitPart) -> None:
        """Append a part of the body; bytes that were received before are ignored.

        Raises:
            SubmissionRefused: the part does not continue the body.
        """
        if part.offset > len(self._body):
            raise SubmissionRefused(Code.BAD_SUBMISSION, "a part of the submission is missing")
        self._body += part.data[len(self._body) - part.offset :]
        self._check_overrun()

    def _check_overrun(self) -> None:
        if len(self._body) > self.submit.body_size:
            raise SubmissionRefused(
                Code.BAD_SUBMISSION, "the submission is longer than it announced"
            )

    def job(self, *, room: str, submitter: Submitter, wall: float, clock: float) -> Job:
        """Make the job.

        Args:
            submitter: the member.
            wall: seconds since the Unix epoch.
            clock: time of the event loop.
        """
        submit, contents, start = self.submit, bytes(self._body), 0
        files: list[tuple[str, bytes]] = []
        for name, file in zip(self._file_names, submit.files, strict=True):
            files.append((name, contents[start : start + file.size]))
            start += file.size
        return Job(
            id=submit.job,
            room=room,
            submitter=submitter,
            language=self.language.name,
            title=submit.files[0].name,
            files=files,
            args=submit.args,
            prepared_stdin=contents[start:],
            input=JobStdin(submit.stdin, submitter.key, submit.stdin_size),
            tty=submit.tty,
            window=(submit.window.columns, submit.window.rows),
            limits=self._limits,
            submitted_at=wall,
            queued_at=clock,
        )


def _check_language(submit: Submit, languages: Languages) -> Language:
    language = languages.get(submit.language)
    if language is None:
        known = ", ".join(each.name for each in languages)
        raise SubmissionRefused(
            Code.LANGUAGE, f"no language is called {submit.language}", f"there are: {known}"
        )
    if not languages.is_available(language.name):
        raise SubmissionRefused(
            Code.LANGUAGE,
            f"{language.title} is not installed where this server runs programs",
            "choose another language, or ask the host to install it",
        )
    return language


def _check_files(submit: Submit, language: Language) -> list[str]:
    names = [language.main_file(submit.files[0].name)]
    for file in submit.files[1:]:
        if not is_harmless_file_name(file.name):
            raise SubmissionRefused(
                Code.BAD_SUBMISSION,
                f"a file may not be called {file.name}",
                "use letters, digits, dot, hyphen and underscore",
            )
        names.append(file.name)
    if len(set(names)) < len(names):
        raise SubmissionRefused(Code.BAD_SUBMISSION, "two files have the same name")
    return names


def _grant(submit: Submit, limit_policy: LimitPolicy) -> StageLimits:
    try:
        return limit_policy.grant(submit.limits, tty=submit.tty)
    except LimitNotAllowed as error:
        raise SubmissionRefused(
            Code.BAD_SUBMISSION, str(error), "ask for another limit, or for none"
        ) from None


def _check_sizes(submit: Submit) -> None:
    source = sum(file.size for file in submit.files)
    args = sum(map(len, submit.args))
    for what, size, limit in (
        ("the source", source, SOURCE_MAX),
        ("the arguments", args, ARGS_MAX),
    ):
        if size > limit:
            raise SubmissionRefused(
                Code.TOO_LARGE, f"{what}: {size:,} bytes, at most {limit:,} are allowed"
            )
    if any(b"\0" in arg for arg in submit.args):
        raise SubmissionRefused(
            Code.BAD_SUBMISSION, "an argument holds a NUL byte, which no program can get"
        )
