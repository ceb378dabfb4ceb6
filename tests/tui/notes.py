"""Notes of the journal, as sessions leave them behind."""

from codesync_protocol.links import Link
from codesync_tui.journal import Journal, Unsent


def leave_note(link: Link, unsent: Unsent) -> None:
    """Be a session that ends with something that was not sent."""
    note = Journal(link).note()
    note.unsent = unsent
    note.close()
