"""How a command fails."""


class Failure(Exception):
    """Its text goes to standard error, `FAILED` to standard output, and the exit status is 1."""


class IncorrectUsage(Exception):
    """A wrong command line: its text goes to standard error, the command's help to standard output."""
