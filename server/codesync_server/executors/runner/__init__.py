"""The program inside the sandbox: compiles, runs and reports one request. Only the stdlib.

It is written as the modules of this folder and travels as one text, the sandbox's command
(`python3 -I -S -c TEXT`), so that image and server cannot drift apart. In a container it is PID 1;
on the bare machine it is a subreaper. What it reports is evidence; the server judges.
"""

import ast
from functools import cache
from importlib import resources

PARTS = (
    "wire",
    "cgroup",
    "landlock",
    "processes",
    "stdin",
    "stdin_wait",
    "activity",
    "thrashing",
    "uncharged_memory",
    "stage",
    "main",
)
"""The modules, each importing only from those before it."""


@cache
def source() -> str:
    """Join the runner's modules into one program.

    Returns:
        Python source for `python3 -c`; docstrings and imports among the parts are left out.
    """
    folder = resources.files(__name__)
    return "\n".join(_body(folder.joinpath(f"{part}.py").read_text()) for part in PARTS)


def _body(text: str) -> str:
    """A module's text without docstrings and without its imports of other parts."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and (
            ast.get_docstring(node) is not None
        ):
            node.body = node.body[1:] or [ast.Pass()]
    tree.body = [
        node
        for node in tree.body
        if not (isinstance(node, ast.ImportFrom) and (node.module or "").startswith(__name__))
    ]
    return ast.unparse(tree)
