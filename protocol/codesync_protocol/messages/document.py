"""The texts that a room shares, who is where in them, and in which language they are."""

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


class Edit(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="edit"):
    """A client's change of the shared texts.

    A change of more than EDIT_STRUCTS_MAX structs or EDIT_RANGES_MAX deleted ranges goes out as
    several edits, each of which can be applied when those before it were.

    Attributes:
        number: counts the client's edits from 1, so that none is taken twice after a cut.
        data: a Yjs update, or a piece of one; all of its structs bear the client's own CRDT id.
        more: the update goes on in the next Edit, which has the same number.
    """

    number: Count
    data: Part
    more: bool = False


class Edited(msgspec.Struct, frozen=True, array_like=True, tag="edited"):
    """To the room: a member changed the shared texts. Updates are applied in this order only.

    Attributes:
        seq: place in the room's log.
        member: who did it.
        number: the Edit's.
        data: the update, or a piece of it.
        more: the update goes on in the next Edited, which is the next event of this number.
    """

    seq: Seq
    member: MemberId
    number: Count
    data: Part
    more: bool = False


class EditRefused(msgspec.Struct, frozen=True, array_like=True, tag="edit_refused"):
    """To the editor: an edit was not taken, nor will those be that build on it.

    Attributes:
        number: the Edit's.
        code: why, for programs.
        reason: why, for people.
    """

    number: Count
    code: Code
    reason: Sentence


class FetchDocument(
    msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="fetch_document"
):
    """Ask for the shared texts. A newer request takes the place of an older one.

    Attributes:
        request: comes back with the answer.
        fresh: the client needs a CRDT id that was never in use, because its replica is new.
    """

    request: Count
    fresh: bool = True


class DocumentPart(msgspec.Struct, frozen=True, array_like=True, tag="document_part"):
    """A piece of the shared texts, in answer to FetchDocument; as many as are needed come in order.

    Attributes:
        request: the FetchDocument's.
        seq: the last edit that the whole contains, by its place in the room's log. Later ones are
            applied after it.
        client: the CRDT id that the client has from now on.
        offset: where in the whole this piece lies.
        total: bytes of the whole: one Yjs update.
        data: the piece.
    """

    request: Count
    seq: Seq
    client: CrdtClient
    offset: Size
    total: Size
    data: Part


class DocumentCheck(msgspec.Struct, frozen=True, array_like=True, tag="document_check"):
    """What the shared texts sum up to, so that a replica that differs is noticed.

    Attributes:
        seq: the last event that is contained.
        digest: BLAKE2b of the texts; see `codesync_protocol.shared_text.digest`.
    """

    seq: Seq
    digest: Annotated[bytes, Meta(max_length=8)]


class DocumentReset(msgspec.Struct, frozen=True, array_like=True, tag="document_reset"):
    """To the room: the texts stay as they are, but their history begins anew: fetch them, fresh.

    Edits of the old history that are on the way are refused.
    """

    seq: Seq


class Caret(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="caret"):
    """Where a client's caret is; sent when it has no edit on the way. Positions are bytes of UTF-8.

    Attributes:
        base: the last edit that its text contains, by its place in the room's log.
        anchor: where its selection began.
        head: where the caret is.
    """

    base: Seq
    anchor: Size
    head: Size


class MemberCaret(msgspec.Struct, frozen=True, array_like=True, tag="member_caret"):
    """To the others: where a member's caret is. An edit of that member takes it along.

    Attributes:
        member: who.
        base: the last edit that the text contains in which these positions count.
        anchor: where the selection began.
        head: where the caret is.
    """

    member: MemberId
    base: Seq
    anchor: Size
    head: Size


class ChooseLanguage(
    msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="choose_language"
):
    """Say in which language the room's source is."""

    language: Tag


class LanguageChosen(msgspec.Struct, frozen=True, array_like=True, tag="language_chosen"):
    """To the room: the source is in another language from now on.

    Attributes:
        seq: place in the room's log.
        member: who chose it.
        name: their name.
        language: a LanguageInfo.name.
    """

    seq: Seq
    member: MemberId
    name: ShortText
    language: Tag
