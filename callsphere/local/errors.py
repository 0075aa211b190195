"""What keeps the embedded default from starting."""


class CannotStart(Exception):
    """A part did not start. The message tells the person at the terminal what is wrong, and the way out."""
