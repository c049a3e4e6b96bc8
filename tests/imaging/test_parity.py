"""Our pixels beside torchxrayvision's and torch's: equal wherever theirs are defined."""

import io
import warnings

import numpy as np
import pytest
from PIL import Image

from cxr_triage.imaging.prepare import make_square, prepare

from . import films
from .films import chest, dicom, lut_item, read

pytestmark = pytest.mark.parity
torch = pytest.importorskip("torch", reason="needs torch: make test-parity")
pytest.importorskip("torchxrayvision", reason="needs torchxrayvision: make test-parity")

from .. import peer  # noqa: E402  needs torch


def theirs(data: bytes, folder) -> np.ndarray:
    """read_xray_dcm(voi_lut=True), which warns whenever it inverts."""
    from torchxrayvision.utils import read_xray_dcm  # noqa: PLC0415  needs torch

    (folder / "film.dcm").write_bytes(data)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return read_xray_dcm(folder / "film.dcm", voi_lut=True)


WINDOW = {"WindowCenter": 2000, "WindowWidth": 1500}
SQUARE_ROOT = (np.sqrt(np.arange(4096) / 4095) * 4095).astype(int).tolist()


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize(
    "attributes",
    [
        WINDOW,
        {"WindowCenter": [2000, 9], "WindowWidth": [1500, 3]},
        WINDOW | {"VOILUTFunction": "SIGMOID"},
        WINDOW | {"VOILUTFunction": "LINEAR_EXACT"},
        {"VOILUTSequence": [lut_item(0, 12, SQUARE_ROOT)]},
        {"VOILUTSequence": [lut_item(500, 12, SQUARE_ROOT[:2000])]} | WINDOW,
        WINDOW | {"RescaleSlope": 1, "RescaleIntercept": 0},
        WINDOW | {"PresentationLUTShape": ""},
    ],
)
def test_where_read_xray_dcm_is_defined_we_equal_it(tmp_path, attributes, photometric):
    data = dicom(chest(12), 12, PhotometricInterpretation=photometric, **attributes)
    assert np.abs(read(data).pixels - theirs(data, tmp_path)).max() < 0.01


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_without_voi_and_stretch_we_equal_read_xray_dcm(tmp_path, photometric):
    wide = chest(12).copy()
    wide[:40] = np.linspace(0, 4095, wide[:40].size).reshape(40, -1)
    data = dicom(wide, 12, PhotometricInterpretation=photometric)
    film = read(data)
    assert film.pixel_policy.voi == "none"
    assert np.abs(film.pixels - theirs(data, tmp_path)).max() < 0.01


@pytest.mark.parametrize("bits", [8, 12, 15, 16])
@pytest.mark.parametrize("syntax", [films.LITTLE, films.IMPLICIT, films.BIG, films.DEFLATED])
def test_every_depth_and_encoding_equals_read_xray_dcm(tmp_path, bits, syntax):
    data = dicom(chest(bits), bits, syntax=syntax, WindowCenter=100, WindowWidth=300)
    assert np.abs(read(data).pixels - theirs(data, tmp_path)).max() < 0.01


@pytest.mark.parametrize("name", ["RG1_UNCR", "RG1_UNCI", "RG3_UNCR"])
def test_real_films_equal_read_xray_dcm(tmp_path, name):
    data = films.real_file(f"{name}.dcm")
    assert np.abs(read(data).pixels - theirs(data, tmp_path)).max() < 0.01


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
@pytest.mark.parametrize("colour", [False, True])
def test_eight_bit_pictures_equal_load_image(tmp_path, decoder, kind, colour):
    from torchxrayvision.utils import load_image  # noqa: PLC0415  needs torch

    image = Image.fromarray(chest(8)).convert("RGB" if colour and kind != "JPEG" else "L")
    buffer = io.BytesIO()
    image.save(buffer, kind)
    path = tmp_path / f"film.{kind.lower()}"
    path.write_bytes(buffer.getvalue())
    assert np.array_equal(read(buffer.getvalue(), decoder).pixels, load_image(str(path))[0])


@pytest.mark.parametrize(
    "shape", [(1955, 1841), (1841, 1955), (2048, 2048), (500, 301), (301, 500), (224, 224),
              (150, 180)],
)  # fmt: skip
@pytest.mark.parametrize("size", [224, 512])
def test_prepared_equals_their_crop_and_torchs_resize(shape, size):
    coarse = torch.randn(1, 1, shape[0] // 8 + 2, shape[1] // 8 + 2, generator=_seed()) * 500
    smooth = torch.nn.functional.interpolate(coarse, size=shape, mode="bicubic")[0, 0]
    noise = torch.randn(shape, generator=_seed()) * 100
    pixels = (smooth + noise).clamp(-1024, 1024).numpy()
    expected = peer.crop_and_resize(pixels, size).numpy()
    assert np.abs(prepare(pixels, size).tensor - expected).max() < 0.05


def test_a_prepared_real_film_equals_theirs(tmp_path, rg1):
    expected = peer.crop_and_resize(theirs(rg1, tmp_path)).numpy()
    assert np.abs(prepare(read(rg1).pixels, 224).tensor - expected).max() < 0.05


def test_square_pixels_equal_torchs_resize():
    pixels = (torch.rand(300, 200, generator=_seed()) * 2048 - 1024).numpy()
    expected = torch.nn.functional.interpolate(
        torch.from_numpy(pixels)[None, None], size=(300, 100), mode="bilinear", antialias=True
    )[0, 0]
    assert np.abs(make_square(pixels, 2.0) - expected.numpy()).max() < 0.05


def _seed() -> "torch.Generator":
    return torch.Generator().manual_seed(1)
