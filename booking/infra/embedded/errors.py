"""What can go wrong here, said to the person at the keyboard."""


class EmbeddedError(Exception):
    """Something cannot run. The message is a sentence that says what to do."""


class SilentError(EmbeddedError):
    """A server runs, and answers nobody."""
