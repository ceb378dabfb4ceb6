"""Source files on disk: reading, atomic writing, line ends, and the base of a merge."""
