"""Small charts as SVG: bars beside each other on a logarithmic axis, and lines."""

import html
import math

COLOURS = {"stock Dask": "#b0632f", "csds": "#2f6db0", "RSDS, published": "#7a7a7a", "echo floor": "#9b59b6"}
FONT = 'font-family="sans-serif" font-size="12" fill="#333"'
WIDTH, LEFT, RIGHT, ROW = 800, 220, 70, 16
EDGE = 70


def bars(title, groups, unit):
    """Horizontal bars: groups is a list of (label, {series: value}); values are positive, the axis is logarithmic."""
    values = [v for _, series in groups for v in series.values()]
    if not values:
        return ""
    low = 10 ** math.floor(math.log10(min(values) * 0.999))
    high = 10 ** math.ceil(math.log10(max(values) * 1.001))
    scale = (WIDTH - LEFT - RIGHT) / math.log10(high / low)
    body, y = [], 56
    for label, series in groups:
        body.append(text(LEFT - 8, y + ROW * len(series) / 2 + 4, label, "end"))
        for name, value in series.items():
            length = math.log10(value / low) * scale
            body.append(f'<rect x="{LEFT}" y="{y}" width="{length:.1f}" height="{ROW - 3}" fill="{COLOURS[name]}"/>')
            body.append(text(LEFT + length + 4, y + ROW - 5, number(value)))
            y += ROW
        y += 8
    axis = []
    for power in range(round(math.log10(low)), round(math.log10(high)) + 1):
        x = LEFT + (power - math.log10(low)) * scale
        axis.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="50" y2="{y}" stroke="#ddd"/>')
        axis.append(text(x, y + 14, f"{10.0**power:g}", "middle"))
    names = dict.fromkeys(name for _, series in groups for name in series)
    return svg(f"{title} ({unit})", names, [*axis, *body], y + 24)


def lines(title, series, unit, across):
    """Lines over logarithmic axes: series is {name: [(x, y), ...]}."""
    points = [p for line in series.values() for p in line]
    if not points:
        return ""
    height, top = 320, 56
    (x0, x1), (y0, y1) = ((10 ** math.floor(math.log10(min(v) * 0.999)), 10 ** math.ceil(math.log10(max(v) * 1.001)))
                          for v in zip(*points))

    def place(x, y):
        return (EDGE + math.log10(x / x0) / math.log10(x1 / x0) * (WIDTH - EDGE - RIGHT),
                top + height - math.log10(y / y0) / math.log10(y1 / y0) * height)

    body = []
    for power in range(round(math.log10(x0)), round(math.log10(x1)) + 1):
        x, _ = place(10.0**power, y0)
        body.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{top}" y2="{top + height}" stroke="#ddd"/>')
        body.append(text(x, top + height + 14, f"{10.0**power:g}", "middle"))
    for power in range(round(math.log10(y0)), round(math.log10(y1)) + 1):
        _, y = place(x0, 10.0**power)
        body.append(f'<line x1="{EDGE}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>')
        body.append(text(EDGE - 6, y + 4, f"{10.0**power:g}", "end"))
    for name, line in series.items():
        places = [place(*point) for point in sorted(line)]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        body.append(f'<polyline points="{path}" fill="none" stroke="{COLOURS[name]}" stroke-width="2"/>')
        for (x, y), (_, value) in zip(places, sorted(line)):
            body.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{COLOURS[name]}"/>')
            body.append(text(x, y - 7, number(value), "middle"))
    body.append(text(WIDTH - RIGHT, top + height + 30, across, "end"))
    return svg(f"{title} ({unit})", series, body, top + height + 36)


def number(value):
    return f"{value:.3g}" if value < 100 else f"{value:,.0f}"


def text(x, y, content, anchor="start"):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {FONT}>{html.escape(content)}</text>'


def svg(title, names, body, height):
    legend, x = [], 10
    for name in names:
        legend.append(f'<rect x="{x}" y="30" width="12" height="12" fill="{COLOURS[name]}"/>')
        legend.append(text(x + 17, 40, name))
        x += 40 + 7 * len(name)
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height:.0f}" viewBox="0 0 {WIDTH} {height:.0f}">',
        f'<rect width="{WIDTH}" height="{height:.0f}" fill="white"/>',
        f'<text x="10" y="18" font-family="sans-serif" font-size="14" font-weight="bold">{html.escape(title)}</text>',
        *legend, *body, "</svg>", "",
    ])  # fmt: skip
