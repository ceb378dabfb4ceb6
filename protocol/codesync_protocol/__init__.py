"""What a CodeSync client and server say to each other: messages, codec, limits, sans-I/O ends.

Nothing here opens a socket, reads a clock or knows asyncio.
"""
