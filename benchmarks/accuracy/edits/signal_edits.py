"""Edits of colour, sharpness, time, size and encoding."""

from __future__ import annotations

from random import Random

from benchmarks.accuracy.edits.ffmpeg import FPS, even
from benchmarks.accuracy.edits.recipe import Canvas, Edit, Picture, chain, encoded

_X265 = "pools=none:frame-threads=1:log-level=none"


def _at_speed(speed: float) -> Picture:
    filters = f"setpts=PTS/{speed},fps={FPS}"
    return chain(filters, Edit("speed", {"factor": speed}), speed=speed)


def slower(rng: Random, _canvas: Canvas) -> Picture:
    """Slowed down."""
    return _at_speed(rng.choice((0.5, 0.6, 0.75, 0.85)))


def faster(rng: Random, _canvas: Canvas) -> Picture:
    """Sped up."""
    return _at_speed(rng.choice((1.15, 1.25, 1.5, 1.7, 2.0)))


def framerate(rng: Random, _canvas: Canvas) -> Picture:
    """Another frame rate."""
    rate = rng.choice((10, 12, 15, 24, 25, 50))
    return chain(f"fps={rate}", Edit("reencode", {"frames_per_second": rate}))


def variable_framerate(rng: Random, _canvas: Canvas) -> Picture:
    """Frames left out here and there; the others keep their time."""
    step, kept = rng.choice((7919, 5147)), rng.randint(4, 7)
    filters = f"select='lt(mod(n*{step},11),{kept})'"
    encode = ("-c:v", "libx264", "-preset", "veryfast", "-crf", "26", "-fps_mode", "vfr")
    return encoded(filters, encode, Edit("reencode", {"frame_rate": "variable"}))


def photometric(rng: Random, _canvas: Canvas) -> Picture:
    """Brighter, darker, flatter or of other gamma."""
    filters = rng.choice(
        (
            f"eq=brightness={rng.choice((-1, 1)) * rng.uniform(0.1, 0.25):.2f}",
            f"eq=contrast={rng.uniform(0.5, 0.75):.2f}",
            f"eq=contrast={rng.uniform(1.3, 1.7):.2f}",
            f"eq=gamma={rng.choice((rng.uniform(0.5, 0.75), rng.uniform(1.4, 1.9))):.2f}",
        )
    )
    return chain(filters, Edit("colour", {"filter": filters}))


def monochrome(rng: Random, _canvas: Canvas) -> Picture:
    """Grey or sepia."""
    sepia = "colorchannelmixer=.393:.769:.189:0:.349:.686:.168:0:.272:.534:.131"
    filters = rng.choice(("hue=s=0", sepia))
    return chain(filters, Edit("colour", {"filter": filters}))


def tinted(rng: Random, _canvas: Canvas) -> Picture:
    """Turned hues, or the curves of a filter."""
    hue = f"hue=h={rng.choice((-1, 1)) * rng.randint(30, 150)}:s={rng.uniform(0.7, 1.8):.2f}"
    preset = rng.choice(("vintage", "cross_process", "strong_contrast", "darker"))
    curves = f"curves=preset={preset}"
    filters = rng.choice((hue, curves))
    return chain(filters, Edit("colour", {"filter": filters}))


def negative(rng: Random, _canvas: Canvas) -> Picture:
    """Dark for bright, wholly or softened."""
    low, high = rng.uniform(0.0, 0.2), rng.uniform(0.8, 1.0)
    return chain(f"curves=all='0/{high:.2f} 1/{low:.2f}'", Edit("colour", {"negative": True}))


def noise(rng: Random, _canvas: Canvas) -> Picture:
    """Noise or blur."""
    filters = rng.choice(
        (
            f"noise=alls={rng.randint(15, 28)}:allf=t:all_seed={rng.randint(1, 9999)}",
            f"gblur={rng.uniform(1.5, 3.5):.1f}",
        )
    )
    return chain(filters, Edit("reencode", {"filter": filters}))


def grain(rng: Random, _canvas: Canvas) -> Picture:
    """Heavy grain, as of old film or a night shot."""
    filters = f"noise=alls={rng.randint(40, 70)}:allf=t+u:all_seed={rng.randint(1, 9999)}"
    return chain(filters, Edit("reencode", {"filter": filters}))


def recode(rng: Random, _canvas: Canvas) -> Picture:
    """Another codec at poor quality."""
    encode = rng.choice(
        (
            ("-c:v", "libx264", "-preset", "veryfast", "-crf", "42"),
            ("-c:v", "mpeg4", "-q:v", "20"),
            ("-c:v", "libx265", "-preset", "ultrafast", "-crf", "38", "-x265-params", _X265),
        )
    )
    return encoded("null", encode, Edit("reencode", {"codec": encode[1]}))


def tiny(rng: Random, canvas: Canvas) -> Picture:
    """144 lines at a few kilobytes a second."""
    scale = 144 / min(canvas.width, canvas.height)
    rate = f"{rng.randint(40, 90)}k"
    encode = ("-c:v", "libx264", "-preset", "veryfast", "-b:v", rate)
    size = f"{even(canvas.width * scale)}:{even(canvas.height * scale)}"
    edit = Edit("reencode", {"lines": 144, "rate": rate})
    return encoded(f"scale={size},setsar=1", encode, edit)


def resize(rng: Random, canvas: Canvas) -> Picture:
    """Half or double size."""
    scale = rng.choice((0.5, 0.66, 1.5))
    size = f"{even(canvas.width * scale)}:{even(canvas.height * scale)}"
    return chain(f"scale={size}", Edit("reencode", {"scale": scale}))


def stretch(rng: Random, canvas: Canvas) -> Picture:
    """Other proportions, the whole picture in them."""
    factor = rng.choice((rng.uniform(0.62, 0.85), rng.uniform(1.2, 1.5)))
    size = f"{even(canvas.width * factor)}:{canvas.height}"
    return chain(f"scale={size},setsar=1", Edit("reencode", {"stretched": round(factor, 3)}))


def fades(rng: Random, canvas: Canvas) -> Picture:
    """Out of black and back into it."""
    length = min(rng.uniform(0.8, 1.5), canvas.seconds / 3)
    end = canvas.seconds - length
    filters = f"fade=in:st=0:d={length:.2f},fade=out:st={end:.2f}:d={length:.2f}"
    return chain(filters, Edit("colour", {"fades_s": round(length, 2)}))


def other_sound(rng: Random, canvas: Canvas) -> Picture:
    """The same picture with other sound."""
    tune = f"0.3*sin(2*PI*t*({rng.randint(200, 500)}+{rng.randint(20, 90)}*floor(mod(t*3,5))))"
    sound = f"aevalsrc='{tune}':s=44100:d={canvas.seconds:.3f}"
    return Picture("[base]null[done]", (Edit("reencode", {"sound": "replaced"}),), sound=sound)
