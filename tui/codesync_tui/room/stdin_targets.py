"""Which running programs can be typed to, and which one the next line goes to. Pure."""


class StdinTargets:
    """The programs that take typed input, in the order in which they started."""

    def __init__(self) -> None:
        self._open: dict[str, bool] = {}  # job: whether it is ours
        self._chosen: str | None = None

    def add(self, job: str, *, mine: bool) -> None:
        """A program can be typed to from now on."""
        self._open[job] = mine

    def remove(self, job: str) -> None:
        """A program takes no more input, or has ended."""
        self._open.pop(job, None)

    def clear(self) -> None:
        """Forget all."""
        self._open.clear()

    @property
    def current(self) -> str | None:
        """The job that the next line goes to: the chosen one, else our latest, else the latest."""
        if self._chosen in self._open:
            return self._chosen
        mine = [job for job, is_mine in self._open.items() if is_mine]
        return next(reversed(mine or list(self._open)), None)

    def choose_next(self) -> str | None:
        """Go on to the next program.

        Returns:
            Its job; None when there is none.
        """
        jobs = list(self._open)
        if not jobs:
            return None
        current = self.current
        self._chosen = jobs[(jobs.index(current) + 1) % len(jobs)] if current else jobs[0]
        return self._chosen

    def __len__(self) -> int:
        return len(self._open)
