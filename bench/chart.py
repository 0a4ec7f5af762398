# SPDX-License-Identifier: MIT
"""Line charts with two logarithmic axes, as SVG that looks right on light and on dark pages."""

import math

WIDTH, HEIGHT = 720, 400
LEFT, RIGHT, TOP, BOTTOM = 70, 170, 40, 50
COLORS = ("#2563a8", "#c2410c", "#2f855a", "#8b5cf6", "#b7791f", "#64748b", "#be185d", "#0891b2")
DASHES = {"solid": "", "dashed": ' stroke-dasharray="6 4"'}


def ticks(low, high, base):
    exponent = math.floor(math.log(low, base) + 1e-9)
    while base ** exponent <= high * 1.0001:
        if base ** exponent >= low * 0.9999:
            yield base ** exponent
        exponent += 1


def label(value, base):
    if base == 2:
        return f"2^{round(math.log2(value))}" if value >= 1024 else f"{value:g}"
    return f"{value:g}" if 1e-3 <= value < 1e4 else f"1e{round(math.log10(value))}"


def draw(title, x_label, y_label, lines, x_base=10):
    """`lines`: (name, color number, style, [(x, y)...])."""
    points = [point for _, _, _, line in lines for point in line]
    x_low, x_high = min(x for x, _ in points), max(x for x, _ in points)
    y_low = 10 ** math.floor(math.log10(min(y for _, y in points)))
    y_high = 10 ** math.ceil(math.log10(max(y for _, y in points)))

    def across(x):
        return LEFT + (math.log(x / x_low) / math.log(x_high / x_low)) * (WIDTH - LEFT - RIGHT)

    def down(y):
        return HEIGHT - BOTTOM - (math.log(y / y_low) / math.log(y_high / y_low)) * (HEIGHT - TOP - BOTTOM)

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
           'aria-labelledby="title" font-family="system-ui, sans-serif" font-size="12">',
           "<!-- SPDX-License-Identifier: MIT -->", f'<title id="title">{title}</title>',
           "<style>text{fill:#1f2933}.ground{fill:#fff}.grid{stroke:#cbd2d9}"
           "@media(prefers-color-scheme:dark){text{fill:#e4e7eb}.ground{fill:#0d1117}"
           ".grid{stroke:#3e4c59}}</style>",
           f'<rect class="ground" width="{WIDTH}" height="{HEIGHT}"/>',
           f'<text x="{LEFT}" y="22" font-size="14" font-weight="bold">{title}</text>']
    for y in ticks(y_low, y_high, 10):
        out.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{down(y):.1f}" '
                   f'y2="{down(y):.1f}"/><text x="{LEFT - 8}" y="{down(y) + 4:.1f}" '
                   f'text-anchor="end">{label(y, 10)}</text>')
    for x in ticks(x_low, x_high, x_base):
        if x_base == 2 and round(math.log2(x)) % 2:
            continue
        out.append(f'<line class="grid" x1="{across(x):.1f}" x2="{across(x):.1f}" y1="{TOP}" '
                   f'y2="{HEIGHT - BOTTOM}"/><text x="{across(x):.1f}" y="{HEIGHT - BOTTOM + 18}" '
                   f'text-anchor="middle">{label(x, x_base)}</text>')
    out.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 10}" '
               f'text-anchor="middle">{x_label}</text>')
    out.append(f'<text x="16" y="{(TOP + HEIGHT - BOTTOM) / 2}" text-anchor="middle" '
               f'transform="rotate(-90 16 {(TOP + HEIGHT - BOTTOM) / 2})">{y_label}</text>')
    # Names beside the ends of the lines, moved apart where they would cover each other.
    ends = sorted((down(line[-1][1]), name, color) for name, color, _, line in lines)
    at = 0
    for y, name, color in ends:
        at = max(at + 15, y)
        out.append(f'<text x="{WIDTH - RIGHT + 8}" y="{at + 4:.1f}" '
                   f'style="fill:{COLORS[color]}">{name}</text>')
    for _, color, style, line in lines:
        path = " ".join(f"{across(x):.1f},{down(y):.1f}" for x, y in line)
        out.append(f'<polyline points="{path}" fill="none" stroke="{COLORS[color]}" '
                   f'stroke-width="2"{DASHES[style]}/>')
    out.append("</svg>")
    return "\n".join(out) + "\n"
