"""Films for the training scripts to learn from."""

import csv
import io
import tarfile

import numpy as np
import pytest
from PIL import Image

from tests.scripts.invented_films import COLUMNS, film_row


@pytest.fixture(scope="session")
def films_folder(tmp_path_factory):
    """48 films, one of a child, some with boxes, and a beginning with random weights."""
    folder = tmp_path_factory.mktemp("data")
    rows = [film_row(number) for number in range(48)]
    rows[2] |= {"rsna_class": "Lung Opacity", "rsna_boxes": "[[0.1, 0.2, 0.3, 0.4]]"}
    rows[3] |= {"nih_boxes": '[["Mass", 0.5, 0.5, 0.2, 0.2]]'}
    rows[5] |= {"nih_boxes": '[["Mass", 0.1, 0.1, 0.2, 0.2]]'}
    rows[8] |= {"age": "14"}
    with (folder / "labels.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    random = np.random.default_rng(0)
    for name, side, members in (("images_128", 64, rows), ("images_256", 128, rows[:3])):
        with tarfile.open(folder / f"{name}.tar", "w") as archive:
            for row in members:
                image = Image.fromarray(random.integers(0, 255, (side, side), np.uint8))
                content = io.BytesIO()
                image.save(content, "JPEG")
                info = tarfile.TarInfo(f"{row['image']}.jpg")
                info.size = content.tell()
                archive.addfile(info, io.BytesIO(content.getvalue()))
    torch = pytest.importorskip("torch", reason="needs torch: make test-parity")
    torchxrayvision = pytest.importorskip(
        "torchxrayvision", reason="needs torchxrayvision: make test-parity"
    )
    torch.manual_seed(0)
    torch.save(
        torchxrayvision.models.DenseNet(num_classes=15).state_dict(), folder / "warm_start.pt"
    )
    return folder
