"""Pictures that people upload: read by their content, and written anew as plain ones."""

import io
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

MOST_BYTES: Final = 2 * 1024 * 1024
MOST_PIXELS: Final = 16_000_000
FORMATS: Final = ("PNG", "JPEG")


class ImageError(ValueError):
    """The bytes are no picture that can be taken; the message says why."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG without transparency, colour profile or anything that came with the upload."""

    content: bytes
    width: int
    height: int


def plain_picture(content: bytes, *, width: int, height: int) -> Picture:
    """The picture on white, in sRGB, no larger than so many pixels. ImageError."""
    if len(content) > MOST_BYTES:
        raise ImageError(f"The picture is larger than {MOST_BYTES // 2**20} MiB.")
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                raise ImageError("The picture has too many pixels.")
            opened.verify()
        with Image.open(io.BytesIO(content), formats=FORMATS) as opened:
            plain = _on_white(ImageOps.exif_transpose(opened))
    except Image.DecompressionBombError as error:
        raise ImageError("The picture has too many pixels.") from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        if isinstance(error, ImageError):
            raise
        raise ImageError("This is no PNG or JPEG picture.") from error
    plain.thumbnail((width, height), Image.Resampling.LANCZOS)
    written = io.BytesIO()
    plain.save(written, "PNG", optimize=True)
    return Picture(written.getvalue(), plain.width, plain.height)


def _on_white(opened: Image.Image) -> Image.Image:
    """In sRGB and without transparency; a profile that makes no sense is left out."""
    profile = opened.info.get("icc_profile")
    if profile and opened.mode in ("RGB", "CMYK"):
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(
                opened, source, ImageCms.createProfile("sRGB"), outputMode="RGB"
            )
            opened = converted or opened
        except ImageCms.PyCMSError:
            pass
    layer = opened.convert("RGBA")
    white = Image.new("RGBA", layer.size, "white")
    return Image.alpha_composite(white, layer).convert("RGB")
