"""Documents: the texts that a room shares, and the checks that every edit of them passes."""
