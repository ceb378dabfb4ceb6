"""Tracks which running programs can be typed to, and which one is the target. Pure."""


class StdinTargets:
    """The programs that accept typed input, in the order in which they started."""

    def __init__(self) -> None:
        self._open: dict[str, bool] = {}  # by job: whether it is ours
        self._chosen: str | None = None

    def add(self, job: str, *, mine: bool) -> None:
        """Add a program that accepts input."""
        self._open[job] = mine

    def remove(self, job: str) -> None:
        """Remove a program that accepts no more input."""
        self._open.pop(job, None)

    @property
    def current(self) -> str | None:
        """The job that gets the next line: the chosen one, else our latest, else the latest."""
        if self._chosen in self._open:
            return self._chosen
        mine = [job for job, is_mine in self._open.items() if is_mine]
        return next(reversed(mine or list(self._open)), None)

    def choose_next(self) -> str | None:
        """Choose the next program.

        Returns:
            Its job; None if there is none.
        """
        jobs = list(self._open)
        if not jobs:
            return None
        current = self.current
        self._chosen = jobs[(jobs.index(current) + 1) % len(jobs)] if current else jobs[0]
        return self._chosen
