"""Where settings come from: flags, environment, a TOML file, defaults, in this order."""

from codesync_server.configuration.errors import SettingsError
from codesync_server.configuration.load import DEFAULT, Loaded, load
from codesync_server.configuration.show import as_toml

__all__ = ["DEFAULT", "Loaded", "SettingsError", "as_toml", "load"]
