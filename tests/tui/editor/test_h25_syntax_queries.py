"""H25: the screen crashed when tree-sitter 0.26 deallocated a highlight query."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from codesync_tui.editor.syntax import load_syntax

# With tree-sitter 0.26.1 this process dies of SIGSEGV or SIGABRT: deallocating a query frees its
# predicates twice when one of another kind precedes `#is-not?`.
DEALLOCATE_QUERIES = """\
import tree_sitter_javascript
from tree_sitter import Language, Query

javascript = Language(tree_sitter_javascript.language())
kept = []
for number in range(2000):
    Query(javascript, '((identifier) @f (#eq? @f "require") (#is-not? local))')
    kept.append([(number, str(number), {number: [number]}) for _ in range(10)])
    del kept[:-50]
"""

LOAD_AT_ONCE = """\
import gc, sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from codesync_tui.editor import syntax

threads = 8
barrier = Barrier(threads)
sys.setswitchinterval(1e-5)

def load(name):
    barrier.wait(60)
    return syntax.load_syntax(name)

with ThreadPoolExecutor(threads) as pool:
    for name in ("python", "javascript", "java", "cpp"):
        assert len({id(each.query) for each in pool.map(load, [name] * threads)}) == 1, name
gc.collect()
"""


def run(script: str) -> None:
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, timeout=240)
    assert ended.returncode == 0, ended.stderr.decode()


def test_h25_queries_can_be_deallocated() -> None:
    run(DEALLOCATE_QUERIES)


def test_h25_threads_that_load_a_syntax_at_once_share_one_query() -> None:
    run(LOAD_AT_ONCE)


def test_h25_a_syntax_is_loaded_once_and_stays() -> None:
    names = ["c", "python", "javascript", "java", "cpp"] * 2
    barrier = Barrier(len(names))

    def load(name: str) -> object:
        barrier.wait(60)
        return load_syntax(name)

    with ThreadPoolExecutor(len(names)) as pool:
        loaded = list(pool.map(load, names))
    assert loaded[:5] == loaded[5:]
    assert all(one is other for one, other in zip(loaded[:5], loaded[5:], strict=True))
