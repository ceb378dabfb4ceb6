"""Sources that attack the compiler (A34 to A38)."""

from typing import Final

from codesync_attacks.attack import Attack, survives
from codesync_protocol.verdict import Verdict

TOO_MUCH: Final = (
    Verdict.COMPILE_ERROR,
    Verdict.MEMORY_LIMIT,
    Verdict.TIME_LIMIT,
    Verdict.OUTPUT_LIMIT,
)
"""Verdicts of sources that are too expensive to compile; the machine decides which."""


def cpp(name: str, source: str, *verdicts: Verdict) -> Attack:
    """Return an attack with a C++ source that cannot be compiled."""
    return Attack(
        name, source, verdicts or (Verdict.COMPILE_ERROR,), "", exit_code=-1, language="cpp"
    )


COMPILERS: Final = (
    cpp("a34_include_a_device_that_never_ends", '#include "/dev/zero"\n', *TOO_MUCH),
    cpp("a34_include_stdin", '#include "/dev/stdin"\n#error seen\n'),
    cpp("a34_include_the_terminal", '#include "/dev/tty"\n'),
    cpp("a35_include_the_list_of_users", '#include "/etc/passwd"\n'),
    cpp("a35_include_the_environment", '#include "/proc/self/environ"\n'),
    cpp(
        "a36_template_bomb",
        """
template <int N, int M> struct Bomb {
    static const int value = Bomb<N - 1, 2 * M>::value + Bomb<N - 1, 2 * M + 1>::value;
};
template <int M> struct Bomb<0, M> { static const int value = 1; };
int main() { return Bomb<24, 0>::value; }
""",
        *TOO_MUCH,
    ),
    cpp(
        "a36_macro_bomb",
        """
#define A B B B B B B B B B B
#define B C C C C C C C C C C
#define C D D D D D D D D D D
#define D E E E E E E E E E E
#define E F F F F F F F F F F
#define F G G G G G G G G G G
#define G H H H H H H H H H H
#define H 1,
int bomb[] = { A };
int main() {}
""",
        *TOO_MUCH,
    ),
    cpp("a36_a_program_of_a_gigabyte", "char bomb[1 << 30] = {1};\nint main() {}\n", *TOO_MUCH),
    cpp(
        "a37_a_hundred_thousand_errors",
        "".join(f"e{number};\n" for number in range(100_000)),
        *TOO_MUCH,
    ),
    Attack(
        "a38_a_source_called_like_an_option",
        "int main() { return 0; }\n",
        Verdict.OK,
        exit_code=0,
        language="cpp",
        file_name="-fplugin=evil.so",
    ),
    survives(
        "a38_a_source_called_like_a_path",
        "print(os.listdir('.'))",
        "['main.py']\n",
        file_name="../../etc/cron.d/evil",
    ),
)
