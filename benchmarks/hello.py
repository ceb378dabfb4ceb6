"""The measured program in every language."""

from benchmarks.baseline import Hello
from codesync_server.languages.registry import built_in

SOURCES = {
    "python": "print('hello')\n",
    "javascript": "console.log('hello')\n",
    "cpp": '#include <iostream>\nint main() { std::cout << "hello\\n"; }\n',
    "java": (
        "public class Main { public static void main(String[] args)"
        ' { System.out.println("hello"); } }\n'
    ),
}


def hello(language: str) -> Hello:
    """Return the program in a language."""
    known = {each.name: each for each in built_in()}
    return Hello(known[language], SOURCES[language])
