"""What the tests measured, for the end of the test run."""

shown: list[str] = []


def show(line: str) -> None:
    shown.append(line)
