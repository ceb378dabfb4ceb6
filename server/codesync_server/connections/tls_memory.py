"""Limits the memory of each TLS connection."""

from asyncio.sslproto import SSLProtocol

BUFFER_BYTES = 16 * 1024
"""One TLS record. asyncio allocates 256 KiB for each connection: 150 MiB for 600 silent ones."""


def bound_tls_buffers() -> None:
    """Let the TLS connections of this process read at most BUFFER_BYTES at a time."""
    SSLProtocol.max_size = BUFFER_BYTES
