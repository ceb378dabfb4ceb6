"""A store in memory: it forgets with the process, and the oldest finished jobs before that."""

from collections import OrderedDict
from dataclasses import replace

from codesync_protocol.verdict import Result
from codesync_server.store.contract import JobRecord

RECORDS_MAX = 20_000


class MemoryStore:
    """Keeps job records while the server lives."""

    def __init__(self) -> None:
        self._unfinished: dict[str, JobRecord] = {}
        self._finished: OrderedDict[str, JobRecord] = OrderedDict()

    async def accept(self, record: JobRecord) -> JobRecord | None:
        """Keep a job that is about to be accepted."""
        known = self._unfinished.get(record.id) or self._finished.get(record.id)
        if known is None:
            self._unfinished[record.id] = record
        return known

    async def finish(self, job: str, result: Result) -> None:
        """Keep how a job ended; the first result counts."""
        record = self._unfinished.pop(job, None)
        if record is not None:
            self._finished[job] = replace(record, result=result)
        while len(self._finished) > RECORDS_MAX:
            self._finished.popitem(last=False)

    async def forget(self, job: str) -> None:
        """Take back a job that was not accepted after all."""
        self._unfinished.pop(job, None)
