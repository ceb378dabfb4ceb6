"""Positions of errors in the output of real compilers and interpreters."""

from codesync_tui.transcript.error_locations import ErrorLocation, find_error_locations

GCC = """\
main.cpp: In function 'int main()':
main.cpp:3:5: warning: unused variable 'y' [-Wunused-variable]
main.cpp:4:13: error: 'x' was not declared in this scope
    4 |     return x;
/usr/include/c++/12/bits/stl_algo.h:1955:25: error: no match for 'operator-'
main.cpp:9:1: fatal error: expected '}' at end of input
"""

JAVAC = """\
Main.java:3: error: ';' expected
        int x = 1
                 ^
1 error
"""

JAVA = """\
Exception in thread "main" java.lang.ArithmeticException: / by zero
\tat java.base/java.lang.Integer.parseInt(Integer.java:652)
\tat Main.half(Main.java:8)
\tat Main.main(Main.java:3)
"""

PYTHON = """\
Traceback (most recent call last):
  File "/box/main.py", line 7, in <module>
    f()
  File "/box/main.py", line 3, in f
    json.loads("")
  File "/usr/lib/python3.11/json/__init__.py", line 346, in loads
ValueError: no
"""

NODE = """\
/box/main.js:2
  undefined.f();
            ^

TypeError: Cannot read properties of undefined (reading 'f')
    at g (/box/main.js:2:13)
    at Object.<anonymous> (/box/main.js:5:1)
    at Module._compile (node:internal/modules/cjs/loader:1105:14)
"""

NODE_SYNTAX = """\
/box/main.js:4
let = ;
      ^
SyntaxError: Unexpected token ';'
    at Object.compileFunction (node:vm:360:18)
"""


def test_compilers() -> None:
    assert find_error_locations(GCC, "main.cpp") == [ErrorLocation(4, 13), ErrorLocation(9, 1)]
    assert find_error_locations(JAVAC, "Main.java") == [ErrorLocation(3)]


def test_of_a_traceback_the_innermost_place_comes_first() -> None:
    assert find_error_locations(PYTHON, "main.py") == [ErrorLocation(3), ErrorLocation(7)]
    assert find_error_locations(JAVA, "Main.java") == [ErrorLocation(8), ErrorLocation(3)]
    assert find_error_locations(NODE, "main.js") == [ErrorLocation(2, 13), ErrorLocation(5, 1)]
    assert find_error_locations(NODE_SYNTAX, "main.js") == [ErrorLocation(4)]


def test_nothing_and_nonsense() -> None:
    assert find_error_locations("", "main.py") == []
    assert find_error_locations("main.py:x: error\n" + "a" * 300_000, "main.py") == []
    assert (
        find_error_locations(f'File "main.py", line {"9" * 5000}\n', "main.py")[0].line
        == 999_999_999
    )
    assert find_error_locations('  File "other.py", line 3\n', "main.py") == []
