"""Limits that both ends know. Sizes are in bytes unless the name says otherwise."""

from typing import Final

KIB: Final = 1024
MIB: Final = 1024 * KIB

HELLO_FRAME_MAX: Final = 4 * KIB
"""The largest frame that a server reads before it has accepted the client."""

FRAME_MAX: Final = 256 * KIB
"""The largest frame that either end reads after the handshake."""

PART_MAX: Final = 64 * KIB
"""The largest piece of a source, of stdin or of old output in one message."""

OUTPUT_EVENT_MAX: Final = 32 * KIB
"""The largest piece of live output in one message."""

STDIN_WINDOW: Final = 256 * KIB
"""Live stdin that a client may send before the program has read it."""

STDIN_ECHO_MAX: Final = 4 * KIB
"""The part of one typed piece of stdin that is shown to the room."""

SOURCE_MAX: Final = 1 * MIB
"""All files of one submission together."""

DOCUMENT_MAX: Final = 1 * MIB
"""The texts that a room shares, together."""

EDIT_MAX: Final = 2 * MIB
"""One edit of the shared texts, all its pieces together."""

EDIT_STRUCTS_MAX: Final = 5
"""Insertions of one edit. Each may have to be compared with every piece of the room's history, so
their number bounds how long the server works on one edit. Clients split larger edits."""

EDIT_RANGES_MAX: Final = 64
"""Deleted ranges of one edit. Clients split larger edits."""

PREPARED_STDIN_MAX: Final = 10 * MIB
"""Stdin that is part of a submission."""

ARGS_MAX: Final = 8 * KIB
"""All command-line arguments of one submission together."""

ARGS_COUNT_MAX: Final = 256
FILES_MAX: Final = 32
FILE_NAME_MAX: Final = 100
"""Code points of a file's name inside a submission."""

INVITE_SECONDS_MAX: Final = 366 * 24 * 3600
"""The longest lifetime of an invite."""

CELLS_MAX: Final = 1000
"""Columns or rows of a terminal."""

NAME_COLUMNS_MAX: Final = 32
"""Terminal columns of a member's name."""

ROOM_NAME_PATTERN: Final = r"^[a-z0-9-]{3,64}$"
"""Allowed names of rooms: they are shown, logged and typed, and never need quoting."""

BAD_FRAMES_MAX: Final = 5
"""Invalid frames after which a server closes the connection."""

PAGES_MAX: Final = 64
"""Pages of a list that does not fit into one message."""

HISTORY_PAGE_MAX: Final = 100
"""Past jobs in one message."""

OUTPUT_KEPT_MAX: Final = 10 * 1000 * 1000
"""Output of one program, both streams together; a program that writes more ends as output_limit."""
