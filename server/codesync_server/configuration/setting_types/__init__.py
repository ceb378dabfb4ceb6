"""Setting types: the values that a setting may have, checked, parsed from text and formatted."""

from codesync_server.configuration.setting_types.base import InvalidValue, SettingType, quoted
from codesync_server.configuration.setting_types.numbers import Boolean, ByteSize, Integer, Number
from codesync_server.configuration.setting_types.strings import (
    FilePath,
    NetworkList,
    OneOf,
    OrNone,
    SecretAddress,
    String,
    StringList,
    masked,
)

__all__ = [
    "Boolean",
    "ByteSize",
    "FilePath",
    "Integer",
    "InvalidValue",
    "NetworkList",
    "Number",
    "OneOf",
    "OrNone",
    "SecretAddress",
    "SettingType",
    "String",
    "StringList",
    "masked",
    "quoted",
]
