"""Edits that put something over, around or beside the picture."""

from __future__ import annotations

from random import Random

from benchmarks.accuracy.edits import drawings
from benchmarks.accuracy.edits.ffmpeg import FPS, covering, even
from benchmarks.accuracy.edits.recipe import Canvas, Edit, Picture


def caption_bar(rng: Random, canvas: Canvas) -> Picture:
    """A bar with text above, below, or both."""
    paper, ink = rng.choice((((255, 255, 255), (0, 0, 0)), ((0, 0, 0), (255, 255, 255))))
    above, below = rng.choice(((True, False), (False, True), (True, True)))
    high = even(canvas.height * rng.uniform(0.15, 0.3))
    top, bottom = high * above, high * below
    text = drawings.text_block(rng, canvas.width, high, ink, paper)
    shade = "white" if paper[0] else "black"
    total = canvas.height + top + bottom
    graph = f"[base]pad={canvas.width}:{total}:0:{top}:{shade}[t1];"
    if above and below:
        graph += f"[x0]split[t2][t3];[t1][t2]overlay=0:0[t4];[t4][t3]overlay=0:{total - high}[done]"
    else:
        graph += f"[t1][x0]overlay=0:{0 if above else total - high}[done]"
    return Picture(graph, (Edit("caption"), Edit("borders")), (canvas.drawn("bar", text),))


def white_square(rng: Random, canvas: Canvas) -> Picture:
    """A small picture in a white square, with a caption above it."""
    side, high = 540, 90
    text = drawings.text_block(rng, side, high, (0, 0, 0), (255, 255, 255))
    inner = even(side * rng.uniform(0.6, 0.8))
    graph = (
        f"[base]scale={inner}:{inner}:force_original_aspect_ratio=decrease,"
        f"pad={side}:{side}:(ow-iw)/2:(oh-ih)/2+30:white[t1];[t1][x0]overlay=0:4,setsar=1[done]"
    )
    edits = (Edit("borders", {"colour": "white"}), Edit("caption"))
    return Picture(graph, edits, (canvas.drawn("square", text),))


def subtitle(rng: Random, canvas: Canvas) -> Picture:
    """Lines at the bottom that change."""
    high = even(max(16, canvas.height * rng.uniform(0.06, 0.14)))
    drawn = tuple(
        canvas.drawn(
            f"line{k}", drawings.text_block(rng, canvas.width, high, (255, 255, 255), None)
        )
        for k in range(2)
    )
    place = f"0:H-{round(high * rng.uniform(1.1, 1.6))}"
    graph = (
        f"[base][x0]overlay={place}:enable='lt(mod(t,4),2)'[t1];"
        f"[t1][x1]overlay={place}:enable='gte(mod(t,4),2)'[done]"
    )
    return Picture(graph, (Edit("caption", {"share": high / canvas.height}),), drawn)


def logo(rng: Random, canvas: Canvas) -> Picture:
    """A still logo in a corner or anywhere."""
    share = rng.uniform(0.12, 0.32)
    mark = drawings.logo(rng, even(canvas.width * share))
    x, y = rng.choice((0.03, 0.97, rng.random())), rng.choice((0.04, 0.96))
    graph = f"[base][x0]overlay=(W-w)*{x:.3f}:(H-h)*{y:.3f}[done]"
    return Picture(graph, (Edit("overlay", {"width": share}),), (canvas.drawn("logo", mark),))


def sticker(rng: Random, canvas: Canvas) -> Picture:
    """Stickers that wander over the picture."""
    drawn, graph, label = [], "", "base"
    count = rng.randint(1, 3)
    for k in range(count):
        side = even(canvas.height * rng.uniform(0.12, 0.28))
        drawn.append(canvas.drawn(f"sticker{k}", drawings.sticker(rng, side)))
        fx, fy, phase = rng.uniform(0.2, 0.9), rng.uniform(0.2, 0.9), rng.uniform(0, 6)
        x, y = f"(W-w)*abs(sin(t*{fx:.2f}+{phase:.2f}))", f"(H-h)*abs(cos(t*{fy:.2f}+{phase:.2f}))"
        out = "done" if k == count - 1 else f"t{k}"
        graph += f"[{label}][x{k}]overlay=x='{x}':y='{y}'[{out}];"
        label = out
    return Picture(graph.rstrip(";"), (Edit("overlay", {"moving": True}),), tuple(drawn))


def screen_recording(rng: Random, canvas: Canvas) -> Picture:
    """What an app shows around it, on a phone."""
    width, height = 360, 640
    top, bottom = even(rng.uniform(60, 100)), even(rng.uniform(110, 170))
    inner = height - top - bottom
    screen = drawings.phone_screen(rng, width, height, top, bottom)
    graph = (
        f"[base]scale={width}:{inner}:force_original_aspect_ratio=decrease,"
        f"pad={width}:{height}:(ow-iw)/2:{top}+({inner}-ih)/2,setsar=1[t1];[t1][x0]overlay[done]"
    )
    edits = (Edit("borders"), Edit("overlay"), Edit("caption"), Edit("picture_in_picture"))
    return Picture(graph, edits, (canvas.drawn("screen", screen),))


def picture_in_picture(rng: Random, canvas: Canvas) -> Picture:
    """Small over other footage."""
    share = rng.uniform(0.38, 0.62)
    x, y = rng.random(), rng.random()
    graph = (
        f"[x0]{covering(canvas.width, canvas.height)}[t1];"
        f"[base]scale={even(canvas.width * share)}:-2[t2];"
        f"[t1][t2]overlay=(W-w)*{x:.3f}:(H-h)*{y:.3f}:shortest=1[done]"
    )
    box = [round(x * (1 - share), 3), round(y * (1 - share), 3), round(share, 3), round(share, 3)]
    other = canvas.foreign(canvas.seconds).arguments
    return Picture(graph, (Edit("picture_in_picture", {"box": box}),), (other,))


def reaction(rng: Random, canvas: Canvas) -> Picture:
    """Somebody else's camera in a corner."""
    share = rng.uniform(0.25, 0.4)
    side = even(canvas.width * share)
    x, y = rng.choice((0.02, 0.98)), rng.choice((0.03, 0.97))
    graph = (
        f"[x0]{covering(side, even(side * rng.choice((0.75, 1.0))))}[t1];"
        f"[base][t1]overlay=(W-w)*{x}:(H-h)*{y}:eof_action=repeat[done]"
    )
    other = canvas.foreign(canvas.seconds).arguments
    return Picture(graph, (Edit("overlay", {"width": round(share, 3)}),), (other,))


def split_screen(rng: Random, canvas: Canvas) -> Picture:
    """Beside or above other footage."""
    width, height = canvas.width, canvas.height
    order = rng.choice(("[t1][t2]", "[t2][t1]"))
    stack = rng.choice(("hstack", "vstack"))
    graph = (
        f"[base]fps={FPS},setsar=1[t1];[x0]{covering(width, height)}[t2];"
        f"{order}{stack}=shortest=1,scale={width}:-2,setsar=1[done]"
    )
    other = canvas.foreign(canvas.seconds).arguments
    return Picture(graph, (Edit("picture_in_picture", {"stacked": stack}),), (other,))
