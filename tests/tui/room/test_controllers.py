"""The controllers of the room's screen stay small."""

import inspect
from importlib import import_module
from pathlib import Path

import codesync_tui.room

COLLABORATORS_MAX = 6


def test_no_class_of_the_room_has_more_than_six_collaborators() -> None:
    folder = Path(codesync_tui.room.__path__[0])
    for file in folder.glob("[!_]*.py"):
        module = import_module(f"codesync_tui.room.{file.stem}")
        for name, defined in inspect.getmembers(module, inspect.isclass):
            is_record = hasattr(defined, "__dataclass_fields__") or hasattr(defined, "_fields")
            if defined.__module__ != module.__name__ or is_record:
                continue
            parameters = inspect.signature(defined).parameters.values()
            collaborators = [each for each in parameters if each.kind is each.POSITIONAL_OR_KEYWORD]
            assert len(collaborators) <= COLLABORATORS_MAX, name
