import numpy as np
import pytest

from cxr_triage.domain import CropBox, Prepared
from cxr_triage.model.engine import MAX_BATCH


def _prepared(seed: int) -> Prepared:
    noise = np.random.default_rng(seed).normal(0, 400, (28, 28)).clip(-1024, 1024)
    tensor = np.kron(noise, np.ones((8, 8))).astype(np.float32)[None]
    return Prepared(tensor=tensor, crop=CropBox(top=0, left=0, side=224))


def test_mean_of_cam_plus_bias_is_the_logit(engine):
    first, second = engine.run([_prepared(1), _prepared(2)])
    bias = first.logits - first.cams.mean((1, 2))
    np.testing.assert_allclose(second.cams.mean((1, 2)) + bias, second.logits, atol=1e-4)


def test_outputs_have_the_shapes_of_the_contract(engine):
    outputs = engine.run([_prepared(1)])[0]
    labels = len(engine.card.labels)
    assert outputs.logits.shape == (labels,)
    assert outputs.cams.shape == (labels, 7, 7)
    assert outputs.embedding.shape == (1024,)
    assert not outputs.cams.flags.writeable


def test_batch_gives_what_single_images_give(engine):
    images = [_prepared(seed) for seed in range(MAX_BATCH + 2)]
    together = engine.run(images)
    assert len(together) == len(images)
    for image, outputs in zip(images[-3:], together[-3:], strict=True):
        alone = engine.run([image])[0]
        np.testing.assert_allclose(outputs.logits, alone.logits, atol=1e-4)


def test_no_images_give_no_outputs(engine):
    assert engine.run([]) == []


def test_threads_are_as_asked(engine):
    assert engine.threads == 2
    assert engine._session.get_session_options().intra_op_num_threads == 2


def test_not_a_number_is_never_a_score(engine):
    from cxr_triage.errors import ModelError  # noqa: PLC0415

    broken = Prepared(
        tensor=np.full((1, 224, 224), np.nan, np.float32), crop=CropBox(top=0, left=0, side=224)
    )
    with pytest.raises(ModelError) as caught:
        engine.run([broken])
    assert caught.value.code == "model_not_finite"
