"""Captions, logos, stickers and graphics, drawn from a seed."""

from __future__ import annotations

import math
from random import Random

from PIL import Image, ImageDraw, ImageFont

_TEXT = (
    "wait for it when the whole street hears this nobody talks about it breaking live from now "
    "watch until end must see part two unbelievable morning here again they said what happened "
    "after dark part of river square market north gate update report"
)


Colour = tuple[int, int, int]


def words(rng: Random, count: int) -> str:
    """Return ``count`` words of a caption."""
    known = _TEXT.split()
    return " ".join(rng.choice(known) for _ in range(count)).capitalize()


def colour(rng: Random) -> Colour:
    """Return a colour."""
    return rng.randrange(256), rng.randrange(256), rng.randrange(256)


def hexadecimal(shade: Colour) -> str:
    """Return the colour as ffmpeg writes it."""
    red, green, blue = shade
    return f"0x{red:02x}{green:02x}{blue:02x}"


def text_block(
    rng: Random, width: int, height: int, ink: Colour, paper: Colour | None
) -> Image.Image:
    """Return lines of text that fill the height, on ``paper`` or on nothing."""
    picture = Image.new("RGBA", (width, height), (*paper, 255) if paper else (0, 0, 0, 0))
    draw = ImageDraw.Draw(picture)
    lines = 1 if height < 50 else 2
    size = max(8, int(height / lines * 0.62))
    font = ImageFont.load_default(size)
    for line in range(lines):
        text = _fitting(words(rng, max(2, int(width / size / 2.6))), font, width * 0.94)
        place = (width / 2, height * (line + 0.5) / lines)
        edge = max(1, size // 12)
        draw.text(place, text, (*ink, 255), font, "mm", stroke_width=edge, stroke_fill=(0, 0, 0))
    return picture


def _fitting(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: float) -> str:
    """Return as many words of the text as are not wider than ``width``."""
    while " " in text and font.getlength(text) > width:
        text = text.rsplit(" ", 1)[0]
    return text


def logo(rng: Random, side: int) -> Image.Image:
    """Return a round or square station logo with letters."""
    picture = Image.new("RGBA", (side, side // 2), (0, 0, 0, 0))
    draw = ImageDraw.Draw(picture)
    box = (0, 0, side - 1, side // 2 - 1)
    shape = rng.choice((draw.ellipse, draw.rectangle))
    shape(box, fill=(*colour(rng), 235), outline=(255, 255, 255, 255), width=2)
    letters = "".join(rng.choice("ABCDEFGHKLMNPRSTVWX") for _ in range(3))
    font = ImageFont.load_default(max(8, side // 4))
    draw.text((side / 2, side / 4), letters, (255, 255, 255, 255), font, "mm")
    return picture


def sticker(rng: Random, side: int) -> Image.Image:
    """Return a face or a star."""
    picture = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    draw = ImageDraw.Draw(picture)
    if rng.random() < 0.5:
        draw.ellipse((2, 2, side - 3, side - 3), fill=(255, 205, 60, 255), outline=(90, 60, 0))
        for x in (0.35, 0.65):
            draw.ellipse(_disc(side * x, side * 0.4, side * 0.07), fill=(60, 40, 0, 255))
        mouth = (side * 0.25, side * 0.35, side * 0.75, side * 0.8)
        draw.arc(mouth, 20, 160, fill=(60, 40, 0, 255), width=max(2, side // 16))
        return picture
    turns = [math.pi * k / 5 for k in range(10)]
    radii = [side / 2 - 2 if k % 2 == 0 else side / 5 for k in range(10)]
    points = [
        (side / 2 + r * math.sin(turn), side / 2 - r * math.cos(turn))
        for turn, r in zip(turns, radii, strict=True)
    ]
    draw.polygon(points, fill=(*colour(rng), 255), outline=(255, 255, 255))
    return picture


def phone_screen(rng: Random, width: int, height: int, top: int, bottom: int) -> Image.Image:
    """Return what an app draws around a video: bars, buttons, text; the middle is clear."""
    dark = rng.random() < 0.5
    paper, ink = ((18, 18, 20), (235, 235, 235)) if dark else ((250, 250, 250), (20, 20, 20))
    picture = Image.new("RGBA", (width, height), (0, 0, 0, 0))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, width, top), fill=(*paper, 255))
    draw.rectangle((0, height - bottom, width, height), fill=(*paper, 255))
    small = ImageFont.load_default(max(9, width // 28))
    draw.text((width * 0.05, top * 0.3), "12:41", (*ink, 255), small, "lm")
    draw.text((width * 0.95, top * 0.3), "87 %", (*ink, 255), small, "rm")
    draw.ellipse(_disc(width * 0.09, top * 0.72, width * 0.04), fill=(*colour(rng), 255))
    draw.text((width * 0.17, top * 0.72), words(rng, 2), (*ink, 255), small, "lm")
    for line in range(4):
        place = (width * 0.05, height - bottom * (0.85 - line * 0.22))
        draw.text(place, words(rng, 5), (*ink, 255), small, "lm")
    for x in (0.7, 0.8, 0.9):
        draw.ellipse(_disc(width * x, height - bottom * 0.85, width * 0.03), outline=(*ink, 255))
    return picture


def channel_graphics(rng: Random, width: int, height: int) -> Image.Image:
    """Return a channel's frame, lower third, ticker and logo; the picture shows through."""
    picture = Image.new("RGBA", (width, height), (0, 0, 0, 0))
    draw = ImageDraw.Draw(picture)
    base, accent = colour(rng), colour(rng)
    draw.rectangle((0, 0, width - 1, height - 1), outline=(*base, 255), width=max(4, height // 30))
    lower = (width * 0.04, height * 0.7, width * 0.8, height * 0.84)
    draw.rectangle(lower, fill=(*base, 255))
    draw.rectangle((lower[0], lower[1], lower[0] + width * 0.02, lower[3]), fill=(*accent, 255))
    font = ImageFont.load_default(height // 16)
    draw.text((width * 0.08, height * 0.77), words(rng, 4), (255, 255, 255), font, "lm")
    draw.rectangle((0, height * 0.9, width, height), fill=(*accent, 255))
    draw.text((width * 0.03, height * 0.95), words(rng, 9), (0, 0, 0), font, "lm")
    mark = logo(rng, width // 6)
    picture.alpha_composite(mark, (int(width * 0.8), int(height * 0.06)))
    return picture


def studio(rng: Random, width: int, height: int) -> Image.Image:
    """Return a still news studio: walls of light, a desk, somebody behind it."""
    picture = Image.new("RGBA", (width, height), (*colour(rng), 255))
    draw = ImageDraw.Draw(picture)
    for _ in range(14):
        x, y = rng.uniform(0, width), rng.uniform(0, height * 0.7)
        size = (x, y, x + rng.uniform(20, width / 3), y + rng.uniform(10, height / 4))
        draw.rectangle(size, fill=(*colour(rng), 255))
    desk = [
        (0, height),
        (width * 0.1, height * 0.75),
        (width * 0.9, height * 0.75),
        (width, height),
    ]
    draw.polygon(desk, fill=(*colour(rng), 255))
    draw.ellipse(_disc(width * 0.22, height * 0.38, height * 0.1), fill=(224, 180, 150, 255))
    body = (width * 0.1, height * 0.48, width * 0.34, height * 0.8)
    draw.rounded_rectangle(body, height * 0.06, fill=(*colour(rng), 255))
    font = ImageFont.load_default(height // 14)
    draw.text((width / 2, height * 0.9), words(rng, 3), (255, 255, 255), font, "mm")
    return picture


def _disc(x: float, y: float, radius: float) -> tuple[float, float, float, float]:
    return x - radius, y - radius, x + radius, y + radius
