"""Programs that write too much, too slowly, or control sequences (A10 to A14)."""

from typing import Final

from codesync_attacks.attack import Attack, survives
from codesync_protocol.verdict import Verdict

SEQUENCES: Final = (
    b"\x1b]52;c;ZXZpbA==\x07"  # OSC 52: fill the clipboard
    b"\x1b]0;title\x1b\\"
    b"\x1b]8;;http://evil.example\x1b\\click\x1b]8;;\x1b\\"
    b"\x1bPtmux;\x1b\x1b]52;c;ZXZpbA==\x07\x1b\\"  # DCS
    b"\x1b[6n\x1b[c\x1b[2J\x1b[H\x1b[?1049h\x1b[?1000h"
    b"\x9b31m\x9d0;title\x9c\x90q\x9c"  # C1, 8-bit
) + "\u202eevil\u2066\u200b\u2028".encode()

NO_TEXT: Final = bytes(range(256)) * 3 + b"\xed\xa0\x80\xff\xfe\xc0\xaf"
"""Invalid UTF-8: lone surrogates, NUL, bytes that never occur in it."""

SPLIT: Final = "é世🙂👩‍💻".encode() * 20


def flood(name: str, source: str) -> Attack:
    """Return an attack that writes until it is stopped."""
    return Attack(name, source, Verdict.OUTPUT_LIMIT, None)


FLOODS: Final = (
    flood("a10_flood_stdout", "while True: os.write(1, b'x' * 65536)"),
    flood("a11_flood_stderr", "while True: os.write(2, b'x' * 65536)"),
    flood("a11_flood_both", "while True: os.write(1, b'o' * 4096); os.write(2, b'e' * 4096)"),
    flood("a11_flood_empty_lines", "while True: os.write(1, b'\\n' * 1000)"),
    flood(
        "a11_flood_from_twenty_processes",
        "for _ in range(19):\n    if os.fork() == 0: break\nwhile True: os.write(1, b'x' * 65536)",
    ),
    survives(
        "a11_one_line_of_five_megabytes",
        "sys.stdout.write('x' * 5_000_000)",
        "x" * 5_000_000,
    ),
    Attack(
        "a12_drip_a_byte_at_a_time_for_ever",
        "while True: os.write(1, b'.'); time.sleep(0.2)",
        Verdict.TIME_LIMIT,
        None,
    ),
    survives(
        "a13_write_what_is_no_text",
        f"os.write(1, {NO_TEXT!r})",
        NO_TEXT.decode("latin-1"),
    ),
    survives(
        "a13_split_characters_over_writes",
        f"for byte in {SPLIT!r}: os.write(1, bytes([byte]))",
        SPLIT.decode("latin-1"),
    ),
    survives(
        "a14_write_escape_sequences",
        f"os.write(1, {SEQUENCES!r})",
        SEQUENCES.decode("latin-1"),
    ),
)
