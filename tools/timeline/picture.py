"""A run's spans as a picture (SVG): a bar a resource, the critical path in another colour."""

from collections.abc import Sequence
from html import escape

from tools.timeline.spans import Span, by_urns, critical_path, waited_for

_ROW, _LABEL, _CHART, _NOTE, _TOP = 18, 300, 620, 280, 40
_STYLE = (
    "text{fill:#263238;font:12px system-ui,sans-serif}.n{fill:#607d8b;font-size:11px}"
    ".b{fill:#90a4ae}.c{fill:#2e7d32}.f{fill:#c62828}line{stroke:#cfd8dc}"
)


def svg(spans: Sequence[Span], title: str) -> str:
    """Resources that took less than a second are left out, unless the whole run waited for them."""
    critical = set(critical_path(spans))
    by_urn = by_urns(spans)
    shown = [span for span in spans if span.seconds or span in critical]
    length = max((span.end for span in spans), default=0) or 1
    height = _TOP + _ROW * len(shown) + 10
    body = [f'<text x="10" y="20" font-weight="bold">{escape(title)}</text>', *_grid(length, height)]
    for row, span in enumerate(shown):
        y = _TOP + row * _ROW
        x, width = _LABEL + span.start / length * _CHART, max(2.0, span.seconds / length * _CHART)
        colour = "f" if span.operation.startswith("fail") else "c" if span in critical else "b"
        before = waited_for(span, by_urn)
        note = f"{span.seconds} s" + (f", after {before.name}" if before else "")
        body += [
            f'<text x="{_LABEL - 8}" y="{y + 12}" text-anchor="end">{escape(f"{span.kind} {span.name}"[:46])}</text>',
            f'<rect class="{colour}" x="{x:.1f}" y="{y + 2}" width="{width:.1f}" height="{_ROW - 5}" rx="2"/>',
            f'<text class="n" x="{x + width + 5:.1f}" y="{y + 12}">{escape(note)}</text>',
        ]
    size = f"{_LABEL + _CHART + _NOTE} {height}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size}"><style>{_STYLE}</style>'
        f'<rect width="100%" height="100%" fill="#fff"/>{"".join(body)}</svg>\n'
    )


def _grid(length: int, height: int) -> list[str]:
    """A line every so many seconds, ten at the most."""
    step = next(each for each in (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 3600, length) if length / each <= 10)
    lines = []
    for second in range(0, length + 1, step):
        x = _LABEL + second / length * _CHART
        lines += [
            f'<line x1="{x:.1f}" y1="{_TOP - 6}" x2="{x:.1f}" y2="{height - 6}"/>',
            f'<text class="n" x="{x:.1f}" y="{_TOP - 9}" text-anchor="middle">{second} s</text>',
        ]
    return lines
