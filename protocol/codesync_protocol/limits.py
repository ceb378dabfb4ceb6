"""Sizes and counts that both ends rely on. All sizes are bytes unless the name says otherwise."""

from typing import Final

KIB: Final = 1024
MIB: Final = 1024 * KIB

HELLO_FRAME_MAX: Final = 4 * KIB
"""The largest frame a server reads from somebody whose hello it has not accepted yet."""

FRAME_MAX: Final = 256 * KIB
"""The largest frame either end reads once the hello is accepted."""

PART_MAX: Final = 64 * KIB
"""The largest piece of a source, of stdin or of old output in one message."""

OUTPUT_EVENT_MAX: Final = 32 * KIB
"""The largest piece of live output in one message."""

STDIN_WINDOW: Final = 256 * KIB
"""How much live stdin a client may have sent that the program has not taken yet."""

STDIN_ECHO_MAX: Final = 4 * KIB
"""The most of one typed piece of stdin that is shown to the room."""

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
"""Stdin that is sent along with a submission."""

ARGS_MAX: Final = 8 * KIB
"""All command-line arguments of one submission together."""

ARGS_COUNT_MAX: Final = 256
FILES_MAX: Final = 32
FILE_NAME_MAX: Final = 100
"""Code points of a file's name inside a submission."""

INVITE_SECONDS_MAX: Final = 366 * 24 * 3600
"""The longest time that an invite is good for."""

CELLS_MAX: Final = 1000
"""Columns or rows of a terminal."""

NAME_COLUMNS_MAX: Final = 32
"""Terminal columns of a member's name."""

ROOM_NAME_PATTERN: Final = r"^[a-z0-9-]{3,64}$"
"""What a room may be called: it is shown, logged and typed, and never needs quoting anywhere."""

BAD_FRAMES_MAX: Final = 5
"""How many frames that make no sense a server answers before it closes the connection."""

PAGES_MAX: Final = 64
"""The most pages of a list that does not fit into one message."""

HISTORY_PAGE_MAX: Final = 100
"""How many past jobs one message tells of."""

OUTPUT_KEPT_MAX: Final = 10 * 1000 * 1000
"""Output of one program, both streams together; a program that goes on ends as output_limit."""
