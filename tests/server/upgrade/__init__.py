"""Data of earlier versions that this version can use.

`store_0_1.sqlite` and `facts_0_1.json` were made by version 0.1 (commit d8f52af): a room with
the host ana, the editor ben, cyd whom ana made a viewer, and mal whom she removed.
"""
