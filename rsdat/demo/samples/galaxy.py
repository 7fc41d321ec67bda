"""A radio astronomer's image cube: the hydrogen line of a turning galaxy, as FITS.

Along each line of sight the brightness is a Gaussian in velocity, its integral given by the disc's
column density, its centre by the disc's rotation; with noise. So the moments of the cube are known.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from rsdat.demo.samples.once import put_once

if TYPE_CHECKING:
    from numpy.typing import NDArray

VERSION = 1
CHANNELS, SIZE = 64, 96
CHANNEL_KM_S = 8.0
#: Velocity of the galaxy, of its rotation far out as it is seen, and width (σ) of the line.
SYSTEM_KM_S, ROTATION_KM_S, WIDTH_KM_S = 600.0, 150.0, 12.0
#: In pixels: scale length of the disc, and where its rotation becomes flat.
DISC_PX, FLAT_PX = 18.0, 8.0
#: Seen length over width of a round disc that is inclined by 60°.
AXES = 2.0
PEAK_K, NOISE_K = 20.0, 0.1
PIXEL_DEG = 10 / 3600
#: Right ascension and declination of the centre, in degrees.
CENTRE_DEG = (187.5, 12.4)


def disc() -> tuple[NDArray[Any], NDArray[Any]]:
    """The truth: integral of the line in K km/s and its velocity in km/s, (SIZE, SIZE) each."""
    import numpy as np

    y, x = np.mgrid[:SIZE, :SIZE] - (SIZE - 1) / 2
    radius = np.hypot(x, y * AXES)
    intensity = PEAK_K * WIDTH_KM_S * np.sqrt(2 * np.pi) * np.exp(-radius / DISC_PX)
    turning = np.tanh(radius / FLAT_PX) * x / np.maximum(radius, 1e-9)
    velocity = SYSTEM_KM_S + ROTATION_KM_S * turning
    return intensity, velocity


def velocities() -> NDArray[Any]:
    """Velocity of each channel in km/s."""
    import numpy as np

    steps: NDArray[Any] = np.arange(CHANNELS) - CHANNELS / 2
    return SYSTEM_KM_S + CHANNEL_KM_S * steps


def make_galaxy(url: str) -> bool:
    """Write `<url>/cube.fits`, 2.4 MB, unless it is there.

    Args:
        url: A folder, as in `put_once`.

    Returns:
        Whether anything was written.

    Raises:
        OSError: The folder can't be read or written.
    """
    return put_once(url, VERSION, _files)


def _files() -> dict[str, bytes]:
    return {"cube.fits": _cube()}


def _cube() -> bytes:
    import numpy as np
    from astropy.io import fits

    intensity, velocity = disc()
    channels = velocities()[:, np.newaxis, np.newaxis]
    line = np.exp(-0.5 * ((channels - velocity) / WIDTH_KM_S) ** 2)
    values = intensity / (WIDTH_KM_S * np.sqrt(2 * np.pi)) * line
    random = np.random.Generator(np.random.PCG64(21))
    values += random.normal(0, NOISE_K, values.shape)
    file = fits.PrimaryHDU(values.astype(">f4"))
    middle = (SIZE + 1) / 2
    file.header.update(
        {
            "BUNIT": "K",
            "OBJECT": "synthetic",
            "RESTFRQ": 1.420405752e9,
            "SPECSYS": "LSRK",
            "CTYPE1": "RA---TAN",
            "CUNIT1": "deg",
            "CRVAL1": CENTRE_DEG[0],
            "CRPIX1": middle,
            "CDELT1": -PIXEL_DEG,
            "CTYPE2": "DEC--TAN",
            "CUNIT2": "deg",
            "CRVAL2": CENTRE_DEG[1],
            "CRPIX2": middle,
            "CDELT2": PIXEL_DEG,
            "CTYPE3": "VRAD",
            "CUNIT3": "m/s",
            "CRVAL3": SYSTEM_KM_S * 1000,
            "CRPIX3": CHANNELS / 2 + 1,
            "CDELT3": CHANNEL_KM_S * 1000,
        }
    )
    buffer = io.BytesIO()
    file.writeto(buffer)
    return buffer.getvalue()
