"""How a command can end."""

DONE, FAILED, MISUSED, INTERRUPTED, UNREAD = 0, 1, 2, 130, 141  # the last two as a shell counts its signals


class Failure(Exception):
    """Ends a command with a line of explanation and exit code 1."""
