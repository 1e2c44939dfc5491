# SPDX-License-Identifier: Apache-2.0
"""Plots of measurements: Vega-Lite, rendered to SVG when the report is written, once for light and once for dark.

A plot comes into the page as a picture in an `img`, so that nothing in it can run, whatever its labels say; beside it
stand its numbers as a table. Loading vl-convert takes 0.4 s once, a plot some 20 ms.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any, Final

import vl_convert
from attrs import frozen

__all__ = ["Plot", "plot"]

Spec = Mapping[str, Any]

_FONT: Final = "Arial, 'Liberation Sans', Helvetica, sans-serif"
"""Whose letters are as wide where the picture is made as where it is looked at."""


@frozen
class _Theme:
    ink: str
    soft: str
    edge: str
    colours: tuple[str, ...]


_LIGHT: Final = _Theme(
    "#22262e",
    "#5c6470",
    "#e4e1d9",
    ("#1f6470", "#b3711a", "#5f5386", "#1d6b45", "#a8231f", "#1d5c9e", "#7a7f4a", "#8a5a7a"),
)
_DARK: Final = _Theme(
    "#e3e6eb",
    "#a1a9b5",
    "#2d333d",
    ("#86cbd6", "#f0be6a", "#bfb2ea", "#7fd3a6", "#ff9c92", "#86b8f0", "#c9cf8f", "#dfa9cd"),
)


@frozen
class Plot:
    """A plot: what it is called and shows, the picture for light and for dark as data URIs, and its numbers."""

    title: str
    shows: str
    light: str
    dark: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def plot(title: str, shows: str, spec: Spec, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Plot:
    """A plot of a Vega-Lite specification that has its data in itself; `columns` and `rows` say the same in words."""
    light, dark = (_picture(spec, theme) for theme in (_LIGHT, _DARK))
    return Plot(title, shows, light, dark, tuple(columns), tuple(map(tuple, rows)))


def _picture(spec: Spec, theme: _Theme) -> str:
    svg = vl_convert.vegalite_to_svg({**spec, "config": _config(theme)}, vl_version="5.20", allowed_base_urls=[])
    return f"data:image/svg+xml;base64,{b64encode(svg.encode()).decode()}"


def _config(theme: _Theme) -> Spec:
    return {
        "background": "transparent",
        "padding": 8,
        "font": _FONT,
        "range": {"category": list(theme.colours)},
        "view": {"stroke": None},
        "axis": {
            "labelColor": theme.soft,
            "titleColor": theme.soft,
            "titleFontWeight": "normal",
            "gridColor": theme.edge,
            "domainColor": theme.edge,
            "tickColor": theme.edge,
            "labelFontSize": 12,
            "titleFontSize": 12,
        },
        "legend": {"labelColor": theme.ink, "titleColor": theme.soft, "labelFontSize": 12, "labelLimit": 320},
        "text": {"color": theme.ink, "fontSize": 12},
        "mark": {"color": theme.colours[0]},
        "rule": {"color": theme.colours[4]},
        "tick": {"color": theme.colours[0]},
    }
