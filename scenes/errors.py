"""Mistakes that a user can make."""


class BadInput(ValueError):  # noqa: N818 - it names the input, not a failure of the program
    """A file, number or name that cannot be used; one line a mistake, each saying what is accepted."""
