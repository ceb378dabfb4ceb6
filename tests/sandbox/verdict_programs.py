"""The same cases in each language, with the expected results.

An expectation that differs between languages is written where it differs; nothing else is.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from codesync_client import Submission
from codesync_protocol.verdict import Verdict

EXTENSIONS: Final = {"python": ".py", "javascript": ".js", "cpp": ".cpp", "java": ".java"}
COMMANDS: Final = {
    "python": ("python3",),
    "javascript": ("node",),
    "cpp": ("g++",),
    "java": ("javac", "java"),
}
COMPILED: Final = frozenset({"cpp", "java"})


@dataclass(frozen=True, slots=True)
class Expected:
    """How a program must end.

    Attributes:
        verdict: the verdict.
        exit_code: its exit code, when it ends by itself.
        signal: the signal that ends it.
        stdout: what it prints; None when that is not the point.
        complaint: what must be found on its stderr, or among what the compiler says.
    """

    verdict: Verdict
    exit_code: int | None = None
    signal: str | None = None
    stdout: bytes | None = b""
    complaint: bytes = b""


OK: Final = Expected(Verdict.OK, exit_code=0)
TIME: Final = Expected(Verdict.TIME_LIMIT, stdout=b"begun\n")
MEMORY: Final = Expected(Verdict.MEMORY_LIMIT, stdout=b"begun\n")


def _ends(code: int, *, stdout: bytes | None = b"", complaint: bytes = b"") -> Expected:
    return Expected(Verdict.RUNTIME_ERROR, exit_code=code, stdout=stdout, complaint=complaint)


def _dies(signal: str, *, stdout: bytes | None = b"", complaint: bytes = b"") -> Expected:
    return Expected(Verdict.SIGNALLED, signal=signal, stdout=stdout, complaint=complaint)


def _does_not_compile(complaint: bytes) -> Expected:
    return Expected(Verdict.COMPILE_ERROR, exit_code=1, complaint=complaint)


STDIN: Final = "first\nzweite Zeile: \N{SNOWMAN}\nno newline at the end".encode()


@dataclass(frozen=True, slots=True)
class Case:
    """One program.

    Attributes:
        name: what it does.
        language: in which language.
        source: its text.
        expected: how it must end.
        stdin: its input.
    """

    name: str
    language: str
    source: str
    expected: Expected
    stdin: bytes = b""

    @property
    def id(self) -> str:
        """The test's name."""
        return f"{self.language}-{self.name.replace(' ', '_')}"

    def submission(self) -> Submission:
        """The program, to be submitted."""
        files = [(main_file(self.language), self.source.encode())]
        return Submission(self.language, files, prepared_stdin=self.stdin)


def main_file(language: str) -> str:
    """What people call a program of this language."""
    return f"{'Main' if language == 'java' else 'main'}{EXTENSIONS[language]}"


def _java(body: str, *, imports: str = "") -> str:
    return f"""{imports}
public class Main {{
    public static void main(String[] args) throws Exception {{
        {body}
    }}
}}
"""


HELLO: Final = {
    "python": "print('hello')",
    "javascript": "console.log('hello')",
    "cpp": '#include <cstdio>\nint main() { puts("hello"); }',
    "java": _java('System.out.println("hello");'),
}
ECHO: Final = {
    "python": "import sys; sys.stdout.write(sys.stdin.read())",
    "javascript": "process.stdin.pipe(process.stdout)",
    "cpp": "#include <cstdio>\nint main() { for (int c; (c = getchar()) != EOF;) putchar(c); }",
    "java": _java("System.in.transferTo(System.out); System.out.flush();"),
}
EXIT_3: Final = {
    "python": "import sys; sys.exit(3)",
    "javascript": "process.exit(3)",
    "cpp": "int main() { return 3; }",
    "java": _java("System.exit(3);"),
}
EXCEPTION: Final = {
    "python": "raise ValueError('broken')",
    "javascript": "throw new Error('broken')",
    "cpp": '#include <stdexcept>\nint main() { throw std::runtime_error("broken"); }',
    "java": _java('throw new IllegalStateException("broken");'),
}
CRASH: Final = {
    "python": "import ctypes; ctypes.string_at(0)",
    "javascript": "process.abort()",
    "cpp": "int main() { volatile int *nowhere = nullptr; return *nowhere; }",
    "java": _java(
        'var field = sun.misc.Unsafe.class.getDeclaredField("theUnsafe");'
        " field.setAccessible(true); ((sun.misc.Unsafe) field.get(null)).putAddress(0, 0);"
    ),
}
LOOP: Final = {
    "python": "print('begun', flush=True)\nwhile True: pass",
    "javascript": "require('fs').writeSync(1, 'begun\\n'); while (true);",
    "cpp": '#include <cstdio>\nint main() { puts("begun"); fflush(stdout);'
    " for (volatile int turn = 0;; turn = turn + 1); }",
    "java": _java('System.out.println("begun"); while (true);'),
}
BOMB: Final = {
    "python": "print('begun', flush=True)\nhoard = []\n"
    "while True: hoard.append(bytearray(b'x') * (8 << 20))",
    "javascript": "require('fs').writeSync(1, 'begun\\n'); const hoard = [];"
    " while (true) hoard.push(Buffer.alloc(8 << 20, 1));",
    "cpp": "#include <cstdio>\n#include <cstring>\n#include <cstdlib>\n"
    'int main() { puts("begun"); fflush(stdout);'
    " for (;;) if (void *hoard = malloc(8 << 20)) memset(hoard, 1, 8 << 20); }",
    "java": _java(
        'System.out.println("begun"); var hoard = new ArrayList<byte[]>();'
        " while (true) { byte[] more = new byte[1 << 20]; Arrays.fill(more, (byte) 1);"
        " hoard.add(more); }",
        imports="import java.util.*;",
    ),
}
NONSENSE: Final = {
    "python": "print('never')\ndef (:\n",
    "javascript": "console.log('never');\nfunction (;\n",
    "cpp": "int main() { return undeclared; }",
    "java": _java("return undeclared;"),
}


def _everywhere(expected: Expected) -> dict[str, Expected]:
    return dict.fromkeys(EXTENSIONS, expected)


TABLE: Final[dict[str, tuple[dict[str, str], dict[str, Expected]]]] = {
    "hello": (HELLO, _everywhere(Expected(Verdict.OK, exit_code=0, stdout=b"hello\n"))),
    "stdin echo": (ECHO, _everywhere(Expected(Verdict.OK, exit_code=0, stdout=STDIN))),
    "exit 3": (EXIT_3, _everywhere(_ends(3))),
    "uncaught exception": (
        EXCEPTION,
        {
            "python": _ends(1, complaint=b"ValueError: broken"),
            "javascript": _ends(1, complaint=b"Error: broken"),
            "cpp": _dies("SIGABRT", complaint=b"broken"),
            "java": _ends(1, complaint=b"java.lang.IllegalStateException: broken"),
        },
    ),
    "crash": (
        CRASH,
        {
            "python": _dies("SIGSEGV"),
            "javascript": _dies("SIGABRT", stdout=None),
            "cpp": _dies("SIGSEGV"),
            "java": _dies("SIGABRT", stdout=None),
        },
    ),
    "endless loop": (LOOP, _everywhere(TIME)),
    "memory bomb": (BOMB, _everywhere(MEMORY)),
    "does not compile": (
        NONSENSE,
        {
            "python": _ends(1, complaint=b"SyntaxError: "),
            "javascript": _ends(1, complaint=b"SyntaxError: "),
            "cpp": _does_not_compile(b"undeclared"),
            "java": _does_not_compile(b"Main.java:4: error: "),
        },
    ),
}
"""What programs do: their text and how they must end, by language."""


def cases() -> Iterator[Case]:
    """Give every case of the table, one language after the other."""
    for language in EXTENSIONS:
        for name, (sources, expected) in TABLE.items():
            stdin = STDIN if name == "stdin echo" else b""
            yield Case(name, language, sources[language], expected[language], stdin)


PROMPTS: Final = {
    "python": "name = input('name? '); print('hello', name)",
    "javascript": "const terminal = require('readline')"
    ".createInterface({ input: process.stdin, output: process.stdout });"
    " terminal.question('name? ', (name) => { console.log('hello', name); terminal.close(); });",
    "cpp": "#include <iostream>\n#include <string>\nint main() { std::string name;"
    ' std::cout << "name? "; std::getline(std::cin, name);'
    ' std::cout << "hello " << name << "\\n"; }',
    "java": _java(
        'System.out.print("name? "); var input = new java.util.Scanner(System.in);'
        ' System.out.println("hello " + input.nextLine());'
    ),
}
"""Programs that ask without ending the line, and answer what they are told."""
