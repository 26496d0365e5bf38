"""The figures that the tests measure, for the end of the test run."""

shown: list[str] = []


def show(line: str) -> None:
    shown.append(line)
