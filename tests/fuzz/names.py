"""The names of the targets, available without importing them."""

NAMES = (
    "client_frames",
    "server_frames",
    "runner_frames",
    "updates",
    "edits",
    "links",
    "settings",
)
