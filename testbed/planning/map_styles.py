"""How map programs draw layouts and maps: styles of QGIS (QML) and of everybody else (SLD 1.0), in one colour scale."""

from matplotlib import colormaps

STEPS = 8
SENSOR_RGB = (0, 114, 178)


def shade(step: int) -> tuple[int, int, int]:
    """Return the colour of a step of the scale, 0 to 255."""
    r, g, b, _ = colormaps["cividis"](step / (STEPS - 1))
    return round(255 * r), round(255 * g), round(255 * b)


def _sld(layer: str, rules: str) -> str:
    return (
        '<StyledLayerDescriptor xmlns="http://www.opengis.net/sld" xmlns:ogc="http://www.opengis.net/ogc"'
        f' version="1.0.0"><NamedLayer><Name>{layer}</Name><UserStyle><FeatureTypeStyle>{rules}</FeatureTypeStyle>'
        "</UserStyle></NamedLayer></StyledLayerDescriptor>"
    )


def sensor_sld() -> str:
    """Return the style of sensors."""
    fill = '<Fill><CssParameter name="fill">#0072b2</CssParameter></Fill>'
    mark = f"<Mark><WellKnownName>triangle</WellKnownName>{fill}</Mark>"
    return _sld(
        "sensors", f"<Rule><PointSymbolizer><Graphic>{mark}<Size>12</Size></Graphic></PointSymbolizer></Rule>"
    )


def cell_sld(metric: str) -> str:
    """Return the style of cells, coloured by a metric from 0 to 1."""
    rules = []
    for step, (low, high) in enumerate(_steps()):
        r, g, b = shade(step)
        bounds = (
            f"<ogc:Filter><ogc:And><ogc:PropertyIsGreaterThanOrEqualTo><ogc:PropertyName>{metric}</ogc:PropertyName>"
            f"<ogc:Literal>{low:g}</ogc:Literal></ogc:PropertyIsGreaterThanOrEqualTo><ogc:PropertyIsLessThan>"
            f"<ogc:PropertyName>{metric}</ogc:PropertyName><ogc:Literal>{high:g}</ogc:Literal>"
            "</ogc:PropertyIsLessThan></ogc:And></ogc:Filter>"
        )
        fill = f'<Fill><CssParameter name="fill">#{r:02x}{g:02x}{b:02x}</CssParameter></Fill>'
        rules.append(
            f"<Rule><Title>{low:g} to {high:g}</Title>{bounds}<PolygonSymbolizer>{fill}</PolygonSymbolizer></Rule>"
        )
    return _sld("cells", "".join(rules))


def _steps() -> list[tuple[float, float]]:
    """Return the bounds of the steps; the last holds 1."""
    return [(step / STEPS, (step + 1) / STEPS if step < STEPS - 1 else 1.001) for step in range(STEPS)]


def _symbol(kind: str, name: int, layer: str, options: dict[str, str]) -> str:
    values = "".join(
        f'<Option type="QString" name="{key}" value="{value}"/>' for key, value in options.items()
    )
    return (
        f'<symbol type="{kind}" name="{name}" alpha="1" clip_to_extent="1"><layer class="{layer}" enabled="1" pass="0"'
        f' locked="0"><Option type="Map">{values}</Option></layer></symbol>'
    )


def _qml(renderer: str) -> str:
    return f'<qgis version="3.28" styleCategories="Symbology">{renderer}</qgis>'


def sensor_qml() -> str:
    """Return the style of sensors."""
    colour = ",".join(map(str, SENSOR_RGB))
    look = {"name": "triangle", "color": f"{colour},255", "outline_color": "255,255,255,255", "size": "3.5"}
    symbol = _symbol("marker", 0, "SimpleMarker", look)
    return _qml(
        f'<renderer-v2 type="singleSymbol" symbollevels="0"><symbols>{symbol}</symbols></renderer-v2>'
    )


def cell_qml(metric: str) -> str:
    """Return the style of cells, coloured by a metric from 0 to 1."""
    ranges = "".join(
        f'<range lower="{low:g}" upper="{high:g}" symbol="{i}" label="{low:g} to {min(high, 1.0):g}" render="true"/>'
        for i, (low, high) in enumerate(_steps())
    )
    symbols = "".join(
        _symbol(
            "fill", i, "SimpleFill", {"color": f"{','.join(map(str, shade(i)))},255", "outline_style": "no"}
        )
        for i in range(STEPS)
    )
    return _qml(
        f'<renderer-v2 type="graduatedSymbol" attr="{metric}" graduatedMethod="GraduatedColor" symbollevels="0">'
        f"<ranges>{ranges}</ranges><symbols>{symbols}</symbols></renderer-v2>"
    )
