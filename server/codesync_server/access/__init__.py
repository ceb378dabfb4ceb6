"""Access: the server's token, signed invites, what roles allow, and how often one may try."""
