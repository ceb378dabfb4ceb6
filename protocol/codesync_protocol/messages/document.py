"""The texts that a room shares, the carets in them, and the language of the source."""

from typing import Annotated

import msgspec
from msgspec import Meta

from codesync_protocol.errors import Code
from codesync_protocol.messages.fields import (
    Count,
    CrdtClient,
    MemberId,
    Part,
    Sentence,
    Seq,
    ShortText,
    Size,
    Tag,
)
from codesync_protocol.messages.lists import CARETS


class Edit(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="edit"):
    """A change of the shared texts by a client.

    A change with more than EDIT_STRUCTS_MAX structs or EDIT_RANGES_MAX deleted ranges is sent as
    several edits. Each can be applied after the edits before it.

    Attributes:
        number: the number of the edit, from 1, so that none is applied twice after a reconnect.
        data: a Yjs update, or a piece of one; all its structs have the CRDT id of the client.
        more: whether the update continues in the next Edit, which has the same number.
    """

    number: Count
    data: Part
    more: bool = False


class Edited(msgspec.Struct, frozen=True, array_like=True, tag="edited"):
    """To the room: a member changed the shared texts. Updates must be applied in this order.

    Attributes:
        seq: number of the event in the room's log.
        member: the author.
        number: the number of the Edit.
        data: the update, or a piece of it.
        more: whether the update continues in the next Edited with this number.
    """

    seq: Seq
    member: MemberId
    number: Count
    data: Part
    more: bool = False


class EditRefused(msgspec.Struct, frozen=True, array_like=True, tag="edit_refused"):
    """To the author: the server refused an edit, and will refuse edits that depend on it.

    Attributes:
        number: the number of the Edit.
        code: the reason, for programs.
        reason: the reason, for people.
    """

    number: Count
    code: Code
    reason: Sentence


class FetchDocument(
    msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="fetch_document"
):
    """Ask for the shared texts. A newer request replaces an older one.

    Attributes:
        request: a number that the answer repeats.
        fresh: whether the client needs an unused CRDT id, because its replica is new.
    """

    request: Count
    fresh: bool = True


class DocumentPart(msgspec.Struct, frozen=True, array_like=True, tag="document_part"):
    """A piece of the shared texts, in answer to FetchDocument. All pieces arrive in order.

    Attributes:
        request: the number of the FetchDocument.
        seq: the number of the last edit that the texts contain. Later edits are applied
            after it.
        client: the CRDT id of the client from now on.
        offset: the position of this piece in the whole update, in bytes.
        total: the size of the whole update, in bytes.
        data: the piece.
    """

    request: Count
    seq: Seq
    client: CrdtClient
    offset: Size
    total: Size
    data: Part


class DocumentCheck(msgspec.Struct, frozen=True, array_like=True, tag="document_check"):
    """The checksum of the shared texts, to detect replicas that differ.

    Attributes:
        seq: the number of the last event that the texts contain.
        digest: BLAKE2b of the texts; see `codesync_protocol.shared_text.digest`.
    """

    seq: Seq
    digest: Annotated[bytes, Meta(max_length=8)]


class DocumentReset(msgspec.Struct, frozen=True, array_like=True, tag="document_reset"):
    """To the room: the texts stay the same, but their history begins again.

    Clients fetch the texts with `fresh`. Edits of the old history are refused.
    """

    seq: Seq


class Caret(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="caret"):
    """The caret of a client without edits on the way. Positions are in bytes of UTF-8.

    Attributes:
        base: the number of the last edit that the client's text contains.
        anchor: the position where the selection began.
        head: the position of the caret.
    """

    base: Seq
    anchor: Size
    head: Size


class MemberCaret(msgspec.Struct, frozen=True, array_like=True):
    """The caret of a member. An edit of this member moves it.

    Attributes:
        member: the member.
        base: the number of the last edit of the text that these positions refer to.
        anchor: the position where the selection began.
        head: the position of the caret.
    """

    member: MemberId
    base: Seq
    anchor: Size
    head: Size


class MemberCarets(msgspec.Struct, frozen=True, array_like=True, tag="member_carets"):
    """To the room: the carets that moved. All members receive the same list.

    Attributes:
        carets: the carets, each of another member. The receiver ignores its own.
    """

    carets: Annotated[tuple[MemberCaret, ...], CARETS.meta]


class ChooseLanguage(
    msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="choose_language"
):
    """Set the language of the room's source."""

    language: Tag


class LanguageChosen(msgspec.Struct, frozen=True, array_like=True, tag="language_chosen"):
    """To the room: the source has another language from now on.

    Attributes:
        seq: number of the event in the room's log.
        member: the member who chose it.
        name: the name of this member.
        language: a LanguageInfo.name.
    """

    seq: Seq
    member: MemberId
    name: ShortText
    language: Tag
