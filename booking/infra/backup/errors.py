"""What can go wrong with backups, said to the operator."""


class BackupError(Exception):
    """A backup cannot be made, found or restored. The message is a sentence that says why, and what to do."""
