"""Notes of the journal as earlier sessions leave them."""

from codesync_protocol.links import Link
from codesync_tui.recovery.journal import Journal, UnsentTexts


def leave_note(link: Link, unsent: UnsentTexts) -> None:
    """Be a session that ends with something that was not sent."""
    note = Journal(link).new_entry()
    note.unsent = unsent
    note.close()
