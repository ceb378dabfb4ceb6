"""The protocol of CodeSync: messages, codec, limits, and both ends as state machines.

The package opens no socket, reads no clock and does not use asyncio.
"""
