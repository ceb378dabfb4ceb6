"""The bounded types of records, which also check imported data."""

import re
from typing import Annotated

from msgspec import Meta

from codesync_protocol.limits import ROOM_NAME_PATTERN
from codesync_protocol.messages import Role
from codesync_protocol.printable import CONTROLS

_SHOWN = "".join(re.escape(chr(code)) for code in CONTROLS if not 0xD800 <= code < 0xE000)
_LINE = rf"\A[^{_SHOWN}]*\Z"
"""Nothing that acts on a terminal, or hides."""

RoomName = Annotated[str, Meta(pattern=rf"\A(?:{ROOM_NAME_PATTERN})\Z")]
Name = Annotated[str, Meta(pattern=_LINE, min_length=1, max_length=200)]
Line = Annotated[str, Meta(pattern=_LINE, max_length=200)]
LanguageName = Annotated[str, Meta(pattern=_LINE, max_length=40)]

RoleName = Annotated[str, Meta(pattern=rf"\A({'|'.join(Role)})?\Z")]

Fingerprint = Annotated[str, Meta(pattern=r"\A[0-9a-f]{32}\Z")]
Token = Annotated[str, Meta(pattern=r"\A[0-9a-f]{0,32}\Z")]
"""Something that we made up."""

InviteId = Annotated[str, Meta(pattern=r"\A(token|[0-9a-f]{0,64})\Z")]
"""A short hash of an invite's signature, "token" for the server's token, or nothing."""

Excerpt = Annotated[str, Meta(max_length=2000)]
Place = Annotated[int, Meta(ge=1, lt=1 << 53)]
