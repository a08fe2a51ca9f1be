"""Every edit of a single stretch, and several of them at once."""

from __future__ import annotations

from random import Random

from benchmarks.accuracy.edits.frame_edits import (
    blur_reframe,
    border,
    crop,
    crop_off,
    cropped,
    filmed_screen,
    flip,
    quarter_turn,
    rotate,
    trim,
    vertical_crop,
    zoom,
)
from benchmarks.accuracy.edits.overlay_edits import (
    caption_bar,
    logo,
    picture_in_picture,
    reaction,
    screen_recording,
    split_screen,
    sticker,
    subtitle,
    white_square,
)
from benchmarks.accuracy.edits.recipe import Canvas, Picture, Recipe
from benchmarks.accuracy.edits.signal_edits import (
    fades,
    faster,
    framerate,
    grain,
    monochrome,
    negative,
    noise,
    other_sound,
    photometric,
    recode,
    resize,
    slower,
    stretch,
    tinted,
    tiny,
    variable_framerate,
)


def combined(rng: Random, canvas: Canvas) -> Picture:
    """Two or three edits on top of each other."""
    kinds: list[Recipe] = [
        lambda r, c: cropped(c, r.uniform(0.7, 0.92), r.random(), r.random()),
        rng.choice((photometric, monochrome, tinted)),
        rng.choice((subtitle, logo, sticker)),
        flip,
        rng.choice((slower, faster)),
    ]
    chosen = sorted(rng.sample(range(len(kinds)), rng.randint(2, 3)))
    made = [kinds[k](rng, canvas) for k in chosen]
    graph: list[str] = []
    inputs: list[tuple[str, ...]] = []
    label = "base"
    for number, one in enumerate(made):
        out = "done" if number == len(made) - 1 else f"c{number}"
        text = one.graph.replace("[t", f"[c{number}t")
        for k in reversed(range(len(one.inputs))):
            text = text.replace(f"[x{k}]", f"[x{k + len(inputs)}]")
        graph.append(text.replace("[base]", f"[{label}]").replace("[done]", f"[{out}]"))
        inputs.extend(one.inputs)
        label = out
    return Picture(
        ";".join(graph),
        tuple(edit for one in made for edit in one.edits),
        tuple(inputs),
        speed=max((one.speed for one in made), key=lambda speed: abs(speed - 1)),
        flip=any(one.flip for one in made),
    )


RECIPES: tuple[tuple[str, str, Recipe], ...] = (
    ("trim", "trim", trim),
    ("crop", "crop", crop),
    ("crop_off", "crop_off", crop_off),
    ("vertical_crop", "vertical_crop", vertical_crop),
    ("border", "border", border),
    ("blur_reframe", "blur_reframe", blur_reframe),
    ("caption_bar", "caption_bar", caption_bar),
    ("caption_bar", "white_square", white_square),
    ("subtitle", "subtitle", subtitle),
    ("logo", "logo", logo),
    ("sticker", "sticker", sticker),
    ("flip", "flip", flip),
    ("rotate", "rotate", rotate),
    ("quarter_turn", "quarter_turn", quarter_turn),
    ("speed", "slower", slower),
    ("speed", "faster", faster),
    ("framerate", "framerate", framerate),
    ("framerate", "variable_framerate", variable_framerate),
    ("photometric", "photometric", photometric),
    ("colour", "monochrome", monochrome),
    ("colour", "tinted", tinted),
    ("negative", "negative", negative),
    ("noise_blur", "noise_blur", noise),
    ("grain", "grain", grain),
    ("recode", "recode", recode),
    ("recode", "144p", tiny),
    ("resize", "resize", resize),
    ("resize", "stretch", stretch),
    ("perspective", "filmed_screen", filmed_screen),
    ("zoom", "zoom", zoom),
    ("fade", "fade", fades),
    ("sound", "other_sound", other_sound),
    ("screenrec", "screen_recording", screen_recording),
    ("pip", "pip", picture_in_picture),
    ("reactor", "reaction", reaction),
    ("split", "split", split_screen),
    ("combined", "combined", combined),
)
"""Family, name and maker of every edit of a single stretch."""
