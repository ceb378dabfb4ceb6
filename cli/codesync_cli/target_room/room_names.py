"""Names for rooms: easy to say, type and tell apart."""

import secrets

_ADJECTIVES = (
    "amber brave bright calm clever cosy crisp early fair fleet gentle golden happy keen kind"
    " lively lucky merry mild neat noble patient plucky proud quick quiet ready silver smooth"
    " snowy sunny swift tidy vivid warm wise witty young"
).split()
_ANIMALS = (
    "badger beaver bison crane cricket dolphin eagle falcon ferret finch fox gecko hare heron"
    " ibex jay kestrel koala lark lemur lynx marten mole moose newt otter owl panda puffin quail"
    " raven robin seal sparrow stoat swan tern trout vole weasel wren yak"
).split()


def new_room_name() -> str:
    """Return a new name for a room, e.g. "brave-otter-412"."""
    return (
        f"{secrets.choice(_ADJECTIVES)}-{secrets.choice(_ANIMALS)}-{secrets.randbelow(900) + 100}"
    )
