"""Tables: a row is a figure, a column a tool, a cell the median of the rounds."""

from collections import defaultdict
from dataclasses import dataclass, field
from statistics import median

AGENT = "agent"
COMPARED = ("before", "tcpdump", "tcpdump -U", "floor", "floor -w")


@dataclass
class Row:
    form: str
    samples: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def medians(self) -> dict[str, float]:
        return {tool: median(values) for tool, values in self.samples.items()}


@dataclass
class Table:
    title: str
    note: str = ""
    rows: dict[str, Row] = field(default_factory=dict)

    def add(self, label: str, tool: str, value: float, form: str = "{:.3f}") -> None:
        self.rows.setdefault(label, Row(form)).samples[tool].append(value)

    def markdown(self, tools: list[str]) -> str:
        compared = [tool for tool in COMPARED if tool in tools and AGENT in tools]
        header = ["", *tools, *(f"agent : {tool}" for tool in compared)]
        lines = [header]
        for label, row in self.rows.items():
            medians = row.medians()
            cells = [row.form.format(medians[tool]) if tool in medians else "-" for tool in tools]
            lines.append([label, *cells, *(ratio(medians.get(AGENT), medians.get(tool)) for tool in compared)])
        return f"### {self.title}\n\n{_aligned(lines)}\n" + (f"\n{self.note}\n" if self.note else "")

    def as_json(self) -> dict:
        rows = {label: {"medians": row.medians(), "samples": row.samples} for label, row in self.rows.items()}
        return {"title": self.title, "note": self.note, "rows": rows}


def ratio(value: float | None, base: float | None) -> str:
    return f"{value / base:.2f}" if value is not None and base else "-"


def percentile(values: list[float], percent: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def _aligned(lines: list[list[str]]) -> str:
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return "\n".join(
        "| " + " | ".join([line[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(line[1:], widths[1:]))])
        + " |"
        for line in [lines[0], rule, *lines[1:]]
    )
