"""The model of a room: no event twice, none lost, and each end once and last."""

import pickle
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from codesync_client.events import Connected, JobOutput, OutputSkipped, RoomEvent
from codesync_client.room_model import FETCHES_MAX, JOBS_KEPT, RoomModel
from codesync_protocol.errors import Code
from codesync_protocol.messages import (
    Event,
    Fault,
    FetchOutput,
    Finished,
    HistoryPage,
    JobState,
    JobSummary,
    Member,
    Members,
    Notice,
    Output,
    OutputChunk,
    OutputPart,
    PastJob,
    Queue,
    ServerMessage,
    Started,
    StdinEcho,
    Stream,
    Submitted,
    Welcome,
)
from codesync_protocol.verdict import Verdict
from tests.client.rooms import finished, job_id, output, submitted, summary, welcome


def told(model: RoomModel, *messages: ServerMessage) -> list[RoomEvent]:
    """What the reader is told of messages."""
    return [event for message in messages for event in model.apply(message)]


def part(number: int, offset: int, data: bytes, total: int) -> OutputPart:
    chunks = (OutputChunk(Stream.STDOUT, data),) if data else ()
    return OutputPart(job_id(number), offset, chunks, total)


def written(events: Iterable[RoomEvent], number: int = 1) -> bytes:
    """What came out of a job."""
    return b"".join(e.data for e in events if isinstance(e, JobOutput) and e.job == job_id(number))


def unknown(model: RoomModel) -> list[RoomEvent]:
    """Tell a model that the server has nothing of what it asks for of the past."""
    return [
        event
        for question in list(model.questions())
        for event in model.apply(HistoryPage(question.request))
    ]


def ends(events: Iterable[RoomEvent]) -> list[tuple[str, Verdict]]:
    """The jobs that ended, and how."""
    return [(e.job, e.result.verdict) for e in events if isinstance(e, Finished)]


# A room that is watched from its beginning.


def test_a_job_is_told_from_its_submission_to_its_end() -> None:
    model = RoomModel(welcome())
    messages: list[Event] = [
        submitted(1, 1),
        Started(2, job_id(1), JobState.RUNNING),
        output(3, 1, 0, b"hi"),
        finished(4, 1, 2),
    ]
    events = told(model, *messages)
    assert events == [
        messages[0],
        messages[1],
        JobOutput(job_id(1), Stream.STDOUT, 0, b"hi"),
        messages[3],
    ]
    assert model.seq == 4
    job = model.jobs[job_id(1)]
    assert (job.state, job.output_bytes) == (JobState.FINISHED, 2)
    assert job.result is not None


def test_the_latest_state_is_kept_and_told() -> None:
    model = RoomModel(welcome())
    members = Members((Member(1, "ana", "editor"),))
    queue = Queue(queued=1)
    notice = Notice("warning", "the server is shutting down")
    assert told(model, members, queue, notice) == [members, queue, notice]
    assert (model.members, model.queue) == (members, queue)


def test_a_repeated_event_is_told_once() -> None:
    model = RoomModel(welcome())
    echo = StdinEcho(2, job_id(1), 1, "ana", b"x")
    told(model, submitted(1, 1), echo)
    assert told(model, submitted(1, 1), echo) == []


def test_what_a_slow_reader_was_not_sent_is_a_hole() -> None:
    model = RoomModel(welcome())
    events = told(model, submitted(1, 1), output(5, 1, 10, b"x"), finished(9, 1, 15))
    assert events[1:3] == [
        OutputSkipped(job_id(1), 0, 10),
        JobOutput(job_id(1), Stream.STDOUT, 10, b"x"),
    ]
    assert events[3] == OutputSkipped(job_id(1), 11, 4)
    assert isinstance(events[4], Finished)


def test_while_the_reader_is_congested_output_is_left_out() -> None:
    model = RoomModel(welcome())
    told(model, submitted(1, 1))
    assert list(model.apply(output(2, 1, 0, b"abc"), congested=True)) == []
    assert told(model, output(3, 1, 3, b"d"))[0] == OutputSkipped(job_id(1), 0, 3)


# Somebody who wants all of it.


def test_a_followed_job_ends_only_when_all_of_its_output_is_there() -> None:
    model = RoomModel(welcome())
    model.follow(job_id(1))
    assert ends(told(model, submitted(1, 1), output(2, 1, 4, b"e"), finished(3, 1, 5))) == []
    assert list(model.fetches()) == [FetchOutput(job_id(1), 0)]
    events = told(model, part(1, 0, b"abcde", 5))
    assert written(events) == b"abcde"
    assert isinstance(events[-1], Finished)


def test_a_followed_job_is_not_asked_for_while_the_reader_is_congested() -> None:
    model = RoomModel(welcome(summary(1, output_bytes=5)))
    model.follow(job_id(1))
    assert list(model.fetches(congested=True)) == []
    assert list(model.fetches()) == [FetchOutput(job_id(1), 0)]


def test_old_output_comes_when_somebody_wants_to_see_it() -> None:
    model = RoomModel(welcome(summary(1, output_bytes=5, ended=Verdict.OK)))
    assert list(model.fetches()) == []
    model.follow(job_id(1), 2)
    assert list(model.fetches()) == [FetchOutput(job_id(1), 2)]
    events = told(model, part(1, 2, b"cde", 5))
    assert (written(events), ends(events)) == (b"cde", [])  # its end was told in the welcome


def test_looking_away_and_back_while_an_answer_is_on_its_way_loses_nothing() -> None:
    model = RoomModel(welcome(summary(1, output_bytes=6, ended=Verdict.OK)))
    model.follow(job_id(1), 3)
    assert list(model.fetches()) == [FetchOutput(job_id(1), 3)]
    model.follow(job_id(1), 0)
    model.follow(job_id(1), 0)
    assert list(model.fetches()) == [FetchOutput(job_id(1), 0)]
    events = told(model, part(1, 3, b"def", 6), part(1, 0, b"abcdef", 6))
    assert events == [JobOutput(job_id(1), Stream.STDOUT, 0, b"abcdef")]


def test_a_part_that_comes_twice_skips_nothing() -> None:
    model = RoomModel(welcome(summary(1, output_bytes=4)))
    model.follow(job_id(1))
    list(model.fetches())
    model.follow(job_id(1))
    list(model.fetches())
    events = told(model, part(1, 0, b"ab", 4), part(1, 0, b"ab", 4))
    list(model.fetches())
    events += told(model, part(1, 2, b"cd", 4))
    assert written(events) == b"abcd"
    assert not [event for event in events if isinstance(event, OutputSkipped)]


def test_only_so_many_questions_are_asked_at_once() -> None:
    count = FETCHES_MAX * 3
    model = RoomModel(welcome(*(summary(n, output_bytes=1) for n in range(count))))
    for number in range(count):
        model.follow(job_id(number))
    answered: list[str] = []
    while asked := list(model.fetches()):
        assert len(asked) <= FETCHES_MAX
        for question in asked:
            answered.append(question.job)
            told(model, part(int(question.job, 16), 0, b"x", 1))
    assert sorted(answered) == [job_id(number) for number in range(count)]


def test_a_job_that_the_server_has_forgotten_ends_with_a_hole() -> None:
    model = RoomModel(welcome())
    model.follow(job_id(1))
    told(model, submitted(1, 1), output(2, 1, 2, b"c"), finished(3, 1, 3))
    list(model.fetches())
    fault = Fault(Code.NO_SUCH_JOB, "the room has no such job", job_id(1))
    events = told(model, fault)
    assert events[0] == OutputSkipped(job_id(1), 0, 3)
    assert ends(events) == [(job_id(1), Verdict.OK)]
    assert events[-1] is fault


def test_cancelling_a_job_too_late_leaves_its_output_alone() -> None:
    model = RoomModel(welcome())
    model.follow(job_id(1))
    told(model, submitted(1, 1), output(2, 1, 2, b"c"), finished(3, 1, 3))
    fault = Fault(Code.NO_SUCH_JOB, "the room has no such job that waits or runs", job_id(1))
    assert told(model, fault) == [fault]
    list(model.fetches())
    assert written(told(model, part(1, 0, b"abc", 3))) == b"abc"


def test_questions_about_a_forgotten_job_do_not_stand_in_the_way_of_others() -> None:
    model = RoomModel(welcome(summary(1, output_bytes=1), summary(2, output_bytes=1)))
    fault = Fault(Code.NO_SUCH_JOB, "the room has no such job", job_id(1))
    for _ in range(2 * FETCHES_MAX):
        model.follow(job_id(1))
        list(model.fetches())
        model.follow(job_id(1))
        list(model.fetches())
        told(model, fault, fault)
    model.follow(job_id(2))
    assert list(model.fetches()) == [FetchOutput(job_id(2), 0)]


# Coming back.


def test_a_return_that_is_resumed_goes_on_where_it_was() -> None:
    model = RoomModel(welcome())
    told(model, submitted(1, 1), output(2, 1, 0, b"ab"))
    back = welcome(seq=4, resumed=True)
    assert list(model.rejoin(back)) == [Connected(back, again=True)]
    assert model.seq == 2
    events = told(model, output(2, 1, 0, b"ab"), output(3, 1, 2, b"cd"), finished(4, 1, 4))
    assert written(events) == b"cd"
    assert ends(events) == [(job_id(1), Verdict.OK)]


def test_a_return_to_a_snapshot_tells_what_was_missed_of_known_jobs() -> None:
    model = RoomModel(welcome())
    told(model, submitted(1, 1), output(2, 1, 0, b"ab"))
    back = welcome(summary(1, output_bytes=6, ended=Verdict.OK), seq=9)
    events = list(model.rejoin(back))
    assert events[0] == Connected(back, again=True)
    assert events[1] == OutputSkipped(job_id(1), 2, 4)
    assert ends(events) == [(job_id(1), Verdict.OK)]
    assert model.seq == 9
    assert told(model, finished(9, 1, 6)) == []


def test_a_return_to_a_snapshot_fetches_what_was_missed_of_followed_jobs() -> None:
    model = RoomModel(welcome())
    model.follow(job_id(1))
    told(model, submitted(1, 1), output(2, 1, 0, b"ab"))
    events = list(model.rejoin(welcome(summary(1, output_bytes=4, ended=Verdict.OK), seq=9)))
    assert (written(events), ends(events)) == (b"", [])
    assert list(model.fetches()) == [FetchOutput(job_id(1), 2)]
    events = told(model, part(1, 2, b"cd", 4))
    assert (written(events), ends(events)) == (b"cd", [(job_id(1), Verdict.OK)])


def test_a_question_that_was_cut_off_is_asked_again() -> None:
    model = RoomModel(welcome(summary(1, output_bytes=4)))
    model.follow(job_id(1))
    assert list(model.fetches()) == [FetchOutput(job_id(1), 0)]
    list(model.rejoin(welcome(resumed=True)))
    assert list(model.fetches()) == [FetchOutput(job_id(1), 0)]


def test_a_job_that_a_new_server_does_not_know_is_lost() -> None:
    model = RoomModel(welcome())
    told(model, submitted(1, 1), output(2, 1, 0, b"ab"))
    assert ends(model.rejoin(welcome(epoch="two"))) == [], "it may have ended long ago"
    assert ends(unknown(model)) == [(job_id(1), Verdict.LOST)]
    assert model.jobs == {}
    assert list(model.rejoin(welcome(epoch="three"))) == [
        Connected(welcome(epoch="three"), again=True)
    ]


def test_a_job_that_ended_so_long_ago_that_the_welcome_says_nothing_of_it_is_asked_for() -> None:
    model = RoomModel(welcome())
    model.follow(job_id(1))
    told(model, submitted(1, 1))
    assert ends(model.rejoin(welcome(epoch="two"))) == []
    [question] = model.questions()
    assert list(model.rejoin(welcome(epoch="three")))
    [again] = model.questions()
    assert (question.job, again.job) == (job_id(1), job_id(1))
    past = PastJob(7, summary(1, output_bytes=4, ended=Verdict.OK), "ben")
    assert told(model, HistoryPage(question.request, (past,))) == [], "an answer of another time"
    assert told(model, HistoryPage(again.request, (past,))) == []
    assert list(model.fetches()) == [FetchOutput(job_id(1), 0)]
    events = told(model, part(1, 0, b"abcd", 4))
    assert written(events) == b"abcd"
    assert [(each.result.verdict, each.by) for each in events if isinstance(each, Finished)] == [
        (Verdict.OK, "ben")
    ]
    assert unknown(model) == []


def test_what_is_missing_of_a_lost_job_is_a_hole() -> None:
    model = RoomModel(welcome())
    model.follow(job_id(1))
    told(model, submitted(1, 1), output(2, 1, 3, b"d"))
    list(model.rejoin(welcome(epoch="two")))
    events = unknown(model)
    assert events[0] == OutputSkipped(job_id(1), 0, 4)
    assert ends(events) == [(job_id(1), Verdict.LOST)]


def test_a_job_whose_end_is_known_keeps_it_when_its_output_is_lost() -> None:
    model = RoomModel(welcome())
    model.follow(job_id(1))
    told(model, submitted(1, 1), finished(2, 1, 4, by="ben"))
    list(model.rejoin(welcome(epoch="two")))
    events = unknown(model)
    assert events[0] == OutputSkipped(job_id(1), 0, 4)
    assert events[1] == finished(2, 1, 4, by="ben")


def test_who_cancelled_a_job_is_remembered_over_a_snapshot() -> None:
    model = RoomModel(welcome())
    model.follow(job_id(1))
    told(model, submitted(1, 1), finished(2, 1, 4, by="ben"))
    list(model.rejoin(welcome(summary(1, output_bytes=4, ended=Verdict.OK), seq=2)))
    list(model.fetches())
    events = told(model, part(1, 0, b"abcd", 4))
    assert [event.by for event in events if isinstance(event, Finished)] == ["ben"]


def test_a_job_that_ended_before_we_came_does_not_end_again() -> None:
    model = RoomModel(welcome(summary(1, ended=Verdict.OK)))
    assert ends(model.rejoin(welcome(epoch="two"))) == []


def test_a_job_that_came_and_went_while_we_were_away_is_not_lost_later() -> None:
    model = RoomModel(welcome())
    assert ends(model.rejoin(welcome(summary(1, ended=Verdict.OK), seq=5))) == []
    assert ends(model.rejoin(welcome(epoch="two"))) == []


def test_a_job_that_began_while_we_were_away_is_told_from_there_on() -> None:
    model = RoomModel(welcome())
    list(model.rejoin(welcome(summary(1, output_bytes=3), seq=5)))
    events = told(model, output(6, 1, 3, b"d"), finished(7, 1, 4))
    assert written(events) == b"d"
    assert ends(events) == [(job_id(1), Verdict.OK)]


# Bounds.


def footprint(model: RoomModel) -> int:
    """How much a model remembers, in bytes."""
    return len(pickle.dumps(model))


def test_only_recent_jobs_are_kept() -> None:
    model = RoomModel(welcome())
    for number in range(JOBS_KEPT + 50):
        told(model, submitted(2 * number + 1, number), finished(2 * number + 2, number))
    assert len(model.jobs) == JOBS_KEPT
    assert job_id(0) not in model.jobs
    assert footprint(model) < 1000 * JOBS_KEPT


def test_nothing_is_kept_of_the_jobs_of_servers_that_are_gone() -> None:
    model = RoomModel(welcome())
    for epoch in range(30):
        first = 100 * epoch
        for number in range(first, first + 100):
            model.follow(job_id(number))
            told(model, submitted(model.seq + 1, number))
            told(model, output(model.seq + 1, number, 5, b"x"))
        list(model.rejoin(welcome(epoch=str(epoch))))
    assert footprint(model) < 1000 * JOBS_KEPT


PIECE = b"xyz"


def snapshot(log: list[ServerMessage], seq: int) -> Welcome:
    """The room as it stood after `seq` events."""
    jobs: dict[str, JobSummary] = {}
    for event in log[:seq]:
        match event:
            case Submitted(job=job):
                jobs[job.job] = job
            case Output(job=job_of):
                end = event.offset + len(event.data)
                jobs[job_of] = structs.replace(jobs[job_of], output_bytes=end)
            case Finished(job=job_of):
                jobs[job_of] = structs.replace(jobs[job_of], result=event.result)
            case _:
                pass
    return welcome(*jobs.values(), seq=seq)


@pytest.mark.parametrize("resumed", [True, False])
@given(data=st.data())
def test_each_job_ends_once_and_after_its_output_whatever_is_cut(
    resumed: bool, data: st.DataObject
) -> None:
    """Two jobs: all of the first one's output is wanted, of the second's we take what comes."""
    log: list[ServerMessage] = [submitted(1, 1), submitted(2, 2)]
    pieces = {1: 0, 2: 0}
    for number in data.draw(st.lists(st.sampled_from([1, 2]), max_size=8)):
        log.append(output(len(log) + 1, number, len(PIECE) * pieces[number], PIECE))
        pieces[number] += 1
    for number, count in pieces.items():
        log.append(finished(len(log) + 1, number, len(PIECE) * count))

    model = RoomModel(welcome())
    model.follow(job_id(1))
    introduced = {job_id(1)}  # whoever follows a job hears of its end in any case
    events: list[RoomEvent] = []
    at = 0
    while at < len(log):
        events += model.apply(log[at], congested=data.draw(st.booleans(), label="congested"))
        introduced |= {e.job.job for e in events if isinstance(e, Submitted)}
        at += 1
        if not data.draw(st.booleans(), label="cut"):
            continue
        if resumed:
            events += model.rejoin(welcome(seq=len(log), resumed=True))
        else:
            at = data.draw(st.integers(at, len(log)), label="return at")
            back = snapshot(log, at)
            introduced |= {job.job for job in back.jobs if job.result is None}
            events += model.rejoin(back)
    while questions := list(model.fetches()):
        for question in questions:
            everything = PIECE * pieces[int(question.job, 16)]
            answer = everything[question.offset : question.offset + 4]
            events += told(model, part(1, question.offset, answer, len(everything)))

    assert sorted(ends(events)) == sorted((job, Verdict.OK) for job in introduced)
    for job in introduced:
        assert isinstance([e for e in events if getattr(e, "job", "") == job][-1], Finished)
    assert written(events, 1) == PIECE * pieces[1]


def test_output_of_jobs_that_nobody_introduced_is_shown_all_the_same() -> None:
    model = RoomModel(welcome())
    assert written(told(model, Output(1, job_id(7), Stream.STDOUT, 0, b"x")), 7) == b"x"
