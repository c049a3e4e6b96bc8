"""A window by hand: which end is dark stays as the film has it, whatever made it so."""

import numpy as np
import pytest

from cxr_triage.imaging.grey.lut import Window
from cxr_triage.imaging.grey.window import windowed
from tests.imaging.films import dicom, read

RAMP = np.tile(np.arange(0, 4096, 16, dtype=np.uint16), (256, 1))
WINDOW = Window(center=2048, width=2048, function="linear")


@pytest.mark.parametrize(
    ("attributes", "falls"),
    [
        ({"PhotometricInterpretation": "MONOCHROME2"}, False),
        ({"PhotometricInterpretation": "MONOCHROME1"}, True),
        ({"RescaleSlope": "-1", "RescaleIntercept": "4095"}, True),
        (
            {
                "PhotometricInterpretation": "MONOCHROME1",
                "RescaleSlope": "-1",
                "RescaleIntercept": "4095",
            },
            False,
        ),
    ],
)
def test_the_dark_end_stays_dark(attributes, falls):
    radiograph = read(dicom(RAMP, 12, **attributes))
    line = windowed(radiograph, WINDOW)[0]
    assert (line[0] > line[-1]) == falls
    assert (radiograph.pixels[0, 0] > radiograph.pixels[0, -1]) == falls
    assert sorted({line[0], line[-1]}) == [-1024, 1024]


def test_padding_stays_black():
    radiograph = read(dicom(RAMP, 12, PhotometricInterpretation="MONOCHROME1", PixelPaddingValue=0))
    line = windowed(radiograph, WINDOW)[0]
    assert line[0] == -1024
    assert line[1] == 1024
