"""Settings: declared with types, loaded from flags, environment, a TOML file and defaults."""

from codesync_server.configuration.errors import SettingsError
from codesync_server.configuration.load import DEFAULT, LoadedSettings, load
from codesync_server.configuration.show import as_toml

__all__ = ["DEFAULT", "LoadedSettings", "SettingsError", "as_toml", "load"]
