"""Formats settings: as a settings file with the source of each, and as tables for docs."""

from collections.abc import Iterator
from dataclasses import fields

from codesync_server.configuration.keys import Setting, declared, value_of
from codesync_server.configuration.limits import JobLimits
from codesync_server.configuration.load import LoadedSettings, load

STAGES = tuple(part.name for part in fields(JobLimits))


def as_toml(loaded: LoadedSettings) -> str:
    """Write settings as a settings file that sets the same, each with where it came from."""
    table, lines = "", [f"# settings file: {loaded.file or 'none'}"]
    for setting in declared().values():
        of, _, name = setting.key.rpartition(".")
        if of != table:
            table = of
            lines += ["", f"[{table}]"]
        value = setting.type.as_toml(value_of(loaded.settings, setting.key))
        lines.append(f"{f'{name} = {value}':40} # {loaded.place(setting.key)}")
    return "\n".join(lines)


def example() -> str:
    """The default settings as a settings file."""
    return as_toml(load(environment={}, default_file=False))


def as_tables() -> Iterator[str]:
    """Write all settings as Markdown: those of the server, of the stages, and the caps."""
    alone = [setting for setting in declared().values() if "." not in setting.key]
    for title, is_address in (("The server's address:", True), ("Programs:", False)):
        yield title
        yield ""
        yield "| setting | default | what it is | allowed | flag |"
        yield "| --- | --- | --- | --- | --- |"
        for setting in alone:
            if setting.is_address is is_address:
                flag = f"`{setting.flag}`"
                yield _row(f"`{setting.key}`", _default(setting), _about(setting), flag)
        yield ""
    yield "`[limits.compile]`, `[limits.run]`, and `[limits.tty]` (a run on a terminal):"
    yield ""
    yield "| setting | compile | run | tty | what it is | allowed |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for key, setting in declared().items():
        if key.startswith("limits.run."):
            name = key.rpartition(".")[2]
            defaults = (_default(declared()[f"limits.{stage}.{name}"]) for stage in STAGES)
            yield _row(f"`{name}`", *defaults, _about(setting))
    yield ""
    yield "`[caps]`:"
    yield ""
    yield "| setting | default | what it is | allowed |"
    yield "| --- | --- | --- | --- |"
    for key, setting in declared().items():
        if key.startswith("caps."):
            yield _row(f"`{key.rpartition('.')[2]}`", _default(setting), _about(setting))


def _default(setting: Setting) -> str:
    return f"`{setting.type.as_toml(setting.default)}`"


def _about(setting: Setting) -> str:
    return f"{setting.type.description} | {setting.type.allowed}"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
