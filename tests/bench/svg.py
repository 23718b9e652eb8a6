"""Plots as SVG, readable on a light and on a dark page."""
import html
import math

WIDTH, HEIGHT = 640, 340
LEFT, RIGHT, TOP, BOTTOM = 80, 20, 44, 56
COLOURS = ("#2f81f7", "#d9822b", "#3fa266")
STYLE = """<style>
text { font: 13px sans-serif; fill: #24292f; }
.title { font-weight: bold; font-size: 15px; }
.axis { stroke: #57606a; } .grid { stroke: #57606a; stroke-opacity: .25; }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3; }
.axis, .grid { stroke: #9da7b3; } }
</style>"""


def _text(x, y, words, anchor="middle", extra=""):
    return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{extra}>'
            f"{html.escape(str(words))}</text>")


def _line(x1, y1, x2, y2, kind):
    return (f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
            f' class="{kind}"/>')


def _short(value):
    return f"{value:,.0f}" if value >= 10 else f"{value:g}"


def _step(most):
    """A round step, of which four or more fit below."""
    step = 10 ** math.floor(math.log10(most or 1))
    return next(step * f for f in (1, .5, .2) if most / (step * f) >= 3)


def _frame(title, x_words, y_words, most):
    """(lines of SVG, y of a value)."""
    floor = HEIGHT - BOTTOM

    def y(value):
        return floor - (floor - TOP) * value / (most * 1.1)
    out = [_text(WIDTH / 2, 22, title, extra=' class="title"'),
           *([_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, x_words)]
             if x_words else []),
           _text(0, 0, y_words, extra=' transform="translate(18 '
                 f'{(TOP + floor) / 2:.0f}) rotate(-90)"'),
           _line(LEFT, TOP, LEFT, floor, "axis"),
           _line(LEFT, floor, WIDTH - RIGHT, floor, "axis")]
    step, value = _step(most), 0
    while value <= most * 1.1:
        out += [_line(LEFT, y(value), WIDTH - RIGHT, y(value), "grid"),
                _text(LEFT - 8, y(value) + 4, _short(round(value, 6)), "end")]
        value += step
    return out, y


def _page(title, parts):
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH}'
            f' {HEIGHT}" role="img"><title>{html.escape(title)}</title>\n'
            + "\n".join([STYLE, *parts]) + "\n</svg>\n")


def lines(title, x_words, y_words, series):
    """{"name": [(x, y)]} over a logarithmic x."""
    every = [point for points in series.values() for point in points]
    low, high = (math.log10(f(x for x, _ in every)) for f in (min, max))
    parts, y = _frame(title, x_words, y_words, max(v for _, v in every))

    def x(value):
        share = (math.log10(value) - low) / ((high - low) or 1)
        return LEFT + 20 + (WIDTH - RIGHT - LEFT - 40) * share
    for value in sorted({v for v, _ in every}):
        parts.append(_text(x(value), HEIGHT - BOTTOM + 18, _short(value)))
    for i, (name, points) in enumerate(series.items()):
        colour = COLOURS[i % len(COLOURS)]
        way = " ".join(f"{x(a):.1f},{y(b):.1f}" for a, b in points)
        parts.append(f'<polyline points="{way}" fill="none" stroke="{colour}"'
                     ' stroke-width="2"/>')
        parts += [f'<circle cx="{x(a):.1f}" cy="{y(b):.1f}" r="3"'
                  f' fill="{colour}"/>' for a, b in points]
        parts.append(_text(x(points[-1][0]), y(points[-1][1]) - 8, name, "end"))
    return _page(title, parts)


def curve(title, x_words, y_words, points):
    """[(x, y)] over a linear x."""
    parts, y = _frame(title, x_words, y_words, max(v for _, v in points))
    most = max(v for v, _ in points) or 1

    def x(value):
        return LEFT + (WIDTH - RIGHT - LEFT) * value / most
    step, value = _step(most), 0
    while value <= most:
        parts.append(_text(x(value), HEIGHT - BOTTOM + 18, _short(value)))
        value += step
    way = " ".join(f"{x(a):.1f},{y(b):.1f}" for a, b in points)
    parts.append(f'<polyline points="{way}" fill="none" stroke="{COLOURS[0]}"'
                 ' stroke-width="1.5"/>')
    return _page(title, parts)


def bars(title, y_words, values):
    """{"name": value}."""
    parts, y = _frame(title, "", y_words, max(*values.values(), 0.001))
    room = (WIDTH - RIGHT - LEFT) / len(values)
    for i, (name, value) in enumerate(values.items()):
        left = LEFT + room * (i + .3)
        parts.append(f'<rect x="{left:.1f}" y="{y(value):.1f}" width='
                     f'"{room * .4:.1f}" height="{y(0) - y(value):.1f}"'
                     f' fill="{COLOURS[i % len(COLOURS)]}"/>')
        parts.append(_text(left + room * .2, y(value) - 6, f"{value:.2f}"))
        parts.append(_text(left + room * .2, y(0) + 18, name))
    return _page(title, parts)
