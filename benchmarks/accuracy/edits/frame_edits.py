"""Edits that move, turn, cut or frame the whole picture."""

from __future__ import annotations

from random import Random

from benchmarks.accuracy.edits import drawings
from benchmarks.accuracy.edits.ffmpeg import FPS, covering, even
from benchmarks.accuracy.edits.recipe import Canvas, Edit, Picture, chain


def trim(_rng: Random, _canvas: Canvas) -> Picture:
    """Cut out, nothing else."""
    return chain("null", Edit("trim"))


def crop(rng: Random, canvas: Canvas) -> Picture:
    """Keep the middle."""
    return cropped(canvas, rng.uniform(0.45, 0.92), 0.5, 0.5)


def crop_off(rng: Random, canvas: Canvas) -> Picture:
    """Keep a corner or a side."""
    return cropped(canvas, rng.uniform(0.6, 0.85), rng.choice((0.0, 1.0)), rng.random())


def cropped(canvas: Canvas, share: float, at_x: float, at_y: float) -> Picture:
    """Keep ``share`` of each side, from the place that ``at_x`` and ``at_y`` in [0, 1] name."""
    box = [round((1 - share) * at_x, 3), round((1 - share) * at_y, 3), share, share]
    width, height = canvas.width, canvas.height
    text = f"crop=iw*{share:.3f}:ih*{share:.3f}:iw*{box[0]}:ih*{box[1]},scale={width}:{height}"
    return chain(text, Edit("crop", {"box": box}))


def vertical_crop(rng: Random, canvas: Canvas) -> Picture:
    """An upright part of a wide picture, or a square one of an upright picture."""
    wide = canvas.width > canvas.height
    share = canvas.height * 9 / 16 / canvas.width if wide else canvas.width / canvas.height
    at = rng.uniform(0.2, 0.8) * (1 - share)
    upright, flat = f"crop=iw*{share:.4f}:ih:iw*{at:.4f}:0", f"crop=iw:ih*{share:.4f}:0:ih*{at:.4f}"
    cut = upright if wide else flat
    size = "360:640" if wide else "360:360"
    box = [at, 0, share, 1] if wide else [0, at, 1, share]
    return chain(f"{cut},scale={size},setsar=1", Edit("crop", {"box": box}))


def border(rng: Random, canvas: Canvas) -> Picture:
    """Bars above and below, at the sides, or all around, in some colour."""
    across, down = rng.choice(((0.0, 1.0), (1.0, 0.0), (1.0, 1.0)))
    share = rng.uniform(0.1, 0.4)
    shade = rng.choice(("black", "black", "white", drawings.hexadecimal(drawings.colour(rng))))
    width, height = (
        even(canvas.width * (1 + share * across)),
        even(canvas.height * (1 + share * down)),
    )
    box = [round((1 - 1 / (1 + share * s)) / 2, 3) for s in (across, down)]
    return chain(
        f"pad={width}:{height}:(ow-iw)/2:(oh-ih)/2:{shade}",
        Edit("borders", {"x_y": box, "colour": shade}),
    )


def blur_reframe(rng: Random, canvas: Canvas) -> Picture:
    """The picture over its own blurred enlargement, in the other orientation."""
    width, height = (360, 640) if canvas.width >= canvas.height else (640, 360)
    blur, dim = rng.uniform(8, 18), rng.uniform(-0.2, 0.0)
    graph = (
        f"[base]split[t1][t2];[t1]{covering(width, height)},gblur={blur:.1f},"
        f"eq=brightness={dim:.2f}[t3];"
        f"[t2]scale={width}:{height}:force_original_aspect_ratio=decrease[t4];"
        "[t3][t4]overlay=(W-w)/2:(H-h)/2,setsar=1[done]"
    )
    return Picture(graph, (Edit("borders", {"fill": "blurred"}),))


def flip(_rng: Random, _canvas: Canvas) -> Picture:
    """Mirrored."""
    return chain("hflip", Edit("mirror"), flip=True)


def rotate(rng: Random, _canvas: Canvas) -> Picture:
    """Turned by a few degrees, the corners black or cut off."""
    degrees = round(rng.choice((-1, 1)) * rng.uniform(2, 12), 1)
    zoom = rng.choice((1.0, 1.0, 1.25))
    filters = f"scale=iw*{zoom}:ih*{zoom},rotate={degrees}*PI/180,crop=iw/{zoom}:ih/{zoom}"
    return chain(filters, Edit("rotation", {"degrees_clockwise": degrees}))


def quarter_turn(rng: Random, _canvas: Canvas) -> Picture:
    """Turned by a quarter or a half."""
    filters, degrees = rng.choice((("transpose=1", 90), ("transpose=2", -90), ("hflip,vflip", 180)))
    return chain(filters, Edit("rotation", {"degrees_clockwise": degrees}))


def filmed_screen(rng: Random, canvas: Canvas) -> Picture:
    """A screen filmed with a phone: seen from the side, dark around it, noisy, not level."""
    w, h = canvas.width, canvas.height
    pad = rng.uniform(1.15, 1.4)
    corners = []
    for x, y in ((0, 0), (1, 0), (0, 1), (1, 1)):
        dx, dy = rng.uniform(0, 0.1), rng.uniform(0, 0.1)
        corners.append(f"{w * abs(x - dx):.0f}:{h * abs(y - dy):.0f}")
    degrees = rng.uniform(-4, 4)
    filters = (
        f"pad={even(w * pad)}:{even(h * pad)}:-1:-1:0x181818,scale={w}:{h},"
        f"perspective={':'.join(corners)}:sense=destination,"
        f"rotate={degrees:.2f}*PI/180:c=0x181818,eq=brightness=0.04:contrast=0.85:gamma=1.1,"
        f"noise=alls={rng.randint(8, 16)}:allf=t:all_seed={rng.randint(1, 9999)},setsar=1"
    )
    edits = (Edit("rotation", {"perspective": True}), Edit("borders"), Edit("crop"), Edit("colour"))
    return chain(filters, *edits)


def zoom(rng: Random, canvas: Canvas) -> Picture:
    """Slowly in or out, and towards some place."""
    most, frames = rng.uniform(1.2, 1.5), max(2, round(canvas.seconds * FPS))
    way = f"{most - 1:.3f}*min(1,on/{frames})"
    factor = rng.choice((f"1+{way}", f"{most:.3f}-{way}"))
    x, y = rng.uniform(0.2, 0.8), rng.uniform(0.2, 0.8)
    filters = (
        f"zoompan=z='{factor}':d=1:x='(iw-iw/zoom)*{x:.2f}':y='(ih-ih/zoom)*{y:.2f}'"
        f":s={canvas.width}x{canvas.height}:fps={FPS}"
    )
    return chain(filters, Edit("crop", {"zoom": round(most, 3)}))
