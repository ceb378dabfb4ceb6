"""Access: the server's token, signed invites, rights of roles, and limits of clients."""
