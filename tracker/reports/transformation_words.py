"""What was done to a copy, in words an editor would use."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from math import isfinite

from tracker.model.match import Transformation
from tracker.reports.media_words import media_time
from tracker.reports.plain_text import clean_line

Detail = Mapping[str, object]

_PLAIN = {
    "blur": "blurred",
    "blur_reframe": "set on a blurred enlargement of itself",
    "blurred_fill": "set on a blurred enlargement of itself",
    "border": "framed with a border",
    "brightness": "brightness changed",
    "caption_bar": "caption bar added",
    "color": "colours changed",
    "contrast": "contrast changed",
    "exact": "not changed in any way we could measure",
    "flip": "mirrored left to right",
    "framerate": "frame rate changed",
    "freeze": "frames held still",
    "gamma": "brightness changed",
    "gray": "turned to black and white",
    "grayscale": "turned to black and white",
    "greyscale": "turned to black and white",
    "hflip": "mirrored left to right",
    "letterbox": "bars added above and below",
    "logo": "logo or watermark added",
    "meme": "text block added around the picture",
    "mirror": "mirrored left to right",
    "mirrored": "mirrored left to right",
    "noise": "noise added",
    "other_moment": "the same shot at another moment: what moves in it does not move alike",
    "padding": "bars added around the picture",
    "photometric": "brightness or contrast changed",
    "pillarbox": "bars added left and right",
    "quality": "compressed again at another quality",
    "reactor": "shown beside a second picture",
    "recode": "compressed again",
    "recompression": "compressed again",
    "resize": "size changed",
    "reverse": "played backwards",
    "scale": "size changed",
    "screen_recording": "recorded from a screen",
    "screenrec": "recorded from a screen",
    "shared_opening": "only an opening or closing in common",
    "splice": "cut together with other footage",
    "split": "shown beside a second picture",
    "split_screen": "shown beside a second picture",
    "stretch": "stretched to another shape",
    "subtitle": "subtitles added",
    "subtitles": "subtitles added",
    "text": "text added",
    "vflip": "turned upside down",
    "watermark": "logo or watermark added",
}


def transformation_phrases(transformations: Iterable[Transformation]) -> tuple[str, ...]:
    """Return one phrase for each thing done, in the order given, without repeats."""
    return tuple(dict.fromkeys(transformation_phrase(item) for item in transformations))


def transformation_phrase(item: Transformation) -> str:
    """Return what was done, as it would follow "copy,": "cropped to 80 % × 80 % …".

    A kind this version does not know is named as it is, cleaned.
    """
    kind = item.kind.strip().lower().replace("-", "_")
    measured = _MEASURED.get(kind)
    if measured is not None:
        return measured(item.detail)
    known = _PLAIN.get(kind)
    if known is not None:
        return known
    return "changed otherwise: " + (clean_line(kind.replace("_", " "), 60) or "not named")


def _crop(detail: Detail) -> str:
    box = _box(detail)
    if box is None:
        return "cropped"
    _, _, width, height = box
    return f"cropped to {_percent(width)} × {_percent(height)} of the picture{_where(box)}"


def _picture_in_picture(detail: Detail) -> str:
    box = _box(detail)
    if detail.get("shows") == "other":
        where = f" ({_place(box)})" if box is not None else ""
        return f"another picture set into it{where}"
    if box is None:
        return "shown small inside another picture"
    return f"shown small ({_percent(box[2])} of the width) inside another picture"


def _overlay(detail: Detail) -> str:
    box = _box(detail)
    return "something laid over the picture" + (f" ({_place(box)})" if box is not None else "")


def _caption(detail: Detail) -> str:
    box, in_bar = _box(detail), detail.get("place") == "bar"
    words = "caption bar added" if in_bar else "caption added"
    return words + (f" ({_place(box)})" if box is not None else "")


def _compilation(detail: Detail) -> str:
    """Name the stretches of the copy that come from the other video, if there are few."""
    words = "cut together with other footage"
    stretches = detail.get("query_ms")
    if not isinstance(stretches, list | tuple) or not 1 <= len(stretches) <= 3:
        return words
    spans = [span for stretch in stretches if (span := _span(stretch)) is not None]
    if len(spans) != len(stretches):
        return words
    return f"{words} (shared: {', '.join(spans)})"


def _colour(detail: Detail) -> str:
    """Name what became of the colours, the plainest first."""
    if detail.get("grey") is True:
        return "turned to black and white"
    brightness, contrast = _number(detail, "brightness"), _number(detail, "contrast")
    saturation, hue = _number(detail, "saturation"), _number(detail, "hue_degrees")
    found = [
        _more(brightness, 0.04, "brighter", "darker"),
        _more(contrast and contrast - 1, 0.1, "more contrast", "less contrast"),
        _more(saturation and saturation - 1, 0.2, "stronger colours", "paler colours"),
        _more(hue and abs(hue), 12, "colours shifted", ""),
    ]
    named = [words for words in found if words]
    return f"colours changed ({', '.join(named)})" if named else "colours changed"


def _more(value: float | None, least: float, above: str, below: str) -> str:
    if value is None or abs(value) < least:
        return ""
    return above if value > 0 else below


def _reencode(detail: Detail) -> str:
    words = "compressed again"
    sizes = [_size(detail.get(name)) for name in ("reference_size", "size")]
    if all(sizes):
        words += f" ({sizes[0]} to {sizes[1]} pixels)"
    stretch = _number(detail, "stretch")
    if stretch is not None and stretch > 0:
        words += ", stretched to another shape"
    return words


def _framed(words: str) -> Callable[[Detail], str]:
    def phrase(detail: Detail) -> str:
        box = _box(detail)
        if box is None:
            return words
        return f"{words} (the picture fills {_percent(box[2] * box[3])} of the frame)"

    return phrase


def _borders(detail: Detail) -> str:
    """Name the borders by the sides on which the picture leaves room."""
    box = _box(detail)
    if box is None:
        return "framed with a border"
    beside, above = box[2] < 0.97, box[3] < 0.97
    if beside and above:
        return _framed("set inside a larger frame")(detail)
    return _framed("bars added left or right" if beside else "bars added above or below")(detail)


def _borders_or_cover(detail: Detail) -> str:
    if detail.get("fill") == "blurred":
        return _framed("set on a blurred enlargement of itself")(detail)
    return _borders(detail)


def _speed(detail: Detail) -> str:
    factor = _number(detail, "speed", "factor", "rate", "ratio")
    if factor is None or factor <= 0 or abs(factor - 1) < 0.005:
        return "speed changed"
    how = "sped up" if factor > 1 else "slowed down"
    return f"{how} to {factor:.2f} times the speed"


def _rotate(detail: Detail) -> str:
    counter = _number(detail, "degrees_counter_clockwise")
    if counter is not None and abs(counter) <= 360:
        way = "counter-clockwise" if counter > 0 else "clockwise"
        return f"rotated by {abs(counter):.0f}° {way}"
    degrees = _number(detail, "degrees", "angle")
    if degrees is None or abs(degrees) > 360:
        return "rotated"
    return f"rotated by {abs(degrees):.0f}°"


def _trim(detail: Detail) -> str:
    span = _span(detail.get("reference_ms"))
    return "shortened" if span is None else f"shortened to {span} of the other video"


_MEASURED: dict[str, Callable[[Detail], str]] = {
    "border": _borders,
    "borders": _borders_or_cover,
    "caption": _caption,
    "colour": _colour,
    "compilation": _compilation,
    "crop": _crop,
    "crop_off": _crop,
    "letterbox": _framed("bars added above and below"),
    "overlay": _overlay,
    "padding": _framed("bars added around the picture"),
    "pillarbox": _framed("bars added left and right"),
    "picture_in_picture": _picture_in_picture,
    "pip": _picture_in_picture,
    "reencode": _reencode,
    "remux": lambda _detail: "the same pictures in another file, not compressed again",
    "rotate": _rotate,
    "rotation": _rotate,
    "speed": _speed,
    "trim": _trim,
}


def _box(detail: Detail) -> tuple[float, float, float, float] | None:
    """Return ``detail["box"]`` as fractions (x, y, width, height) if it is a sensible one."""
    box = detail.get("box")
    if not isinstance(box, list | tuple) or len(box) != 4:
        return None
    numbers = [float(v) for v in box if isinstance(v, int | float) and not isinstance(v, bool)]
    if len(numbers) != 4 or not all(0 <= v <= 1 for v in numbers) or 0 in numbers[2:]:
        return None
    x, y, width, height = numbers
    return x, y, width, height


def _place(box: tuple[float, float, float, float]) -> str:
    """Return where in the picture a box lies: "upper right", "bottom"."""
    x, y, width, height = box
    across = _side(x, 1 - x - width, "left", "right")
    down = _side(y, 1 - y - height, "upper", "lower")
    if across and down:
        return f"{down} {across}"
    return across or {"upper": "top", "lower": "bottom"}.get(down, "middle")


def _span(stretch: object) -> str | None:
    """Return two media times in milliseconds as "0:04.0–0:13.0"; ``None`` if they are none."""
    if not isinstance(stretch, list | tuple) or len(stretch) != 2:
        return None
    start, end = (value if isinstance(value, int) else -1 for value in stretch)
    return f"{media_time(start)}–{media_time(end)}" if 0 <= start < end else None


def _size(value: object) -> str:
    """Return width and height as "640×360"; empty if they are none."""
    if not isinstance(value, list | tuple) or len(value) != 2:
        return ""
    sides = [v for v in value if isinstance(v, int) and 0 < v < 100_000]
    return "×".join(str(side) for side in sides) if len(sides) == 2 else ""


def _where(box: tuple[float, float, float, float]) -> str:
    x, y, width, height = box
    across = _side(x, 1 - x - width, "left", "right")
    down = _side(y, 1 - y - height, "upper", "lower")
    where = " ".join(word for word in (down, across) if word)
    return f" ({where} part)" if where else ""


def _side(before: float, after: float, first: str, last: str) -> str:
    if abs(before - after) < 0.05:
        return ""
    return first if before < after else last


def _number(detail: Detail, *names: str) -> float | None:
    for name in names:
        value = detail.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value):
            return float(value)
    return None


def _percent(share: float) -> str:
    return f"{share * 100:.0f}\u00a0%"
