"""What the gate makes of what the network sees, and how a film is put right."""

import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from cxr_triage.domain import PixelCorrection, Reason, Sight
from cxr_triage.errors import PolicyInvalid
from cxr_triage.language import LANGUAGES
from cxr_triage.result.sentences import reason_sentence
from cxr_triage.triage.gate import Gate
from cxr_triage.triage.header_rules import says_frontal_chest
from cxr_triage.triage.policy import SightLimits, read_policy
from cxr_triage.triage.sight_rules import check_sight, correction_of, doubts_of

from .builders import CHEST_PA, radiograph
from .test_pixel_rules import film

LIMITS = SightLimits(
    gate="seer", version="1", correct=False, minimum_chest=0.5, minimum_chest_said=0.2,
    maximum_turned=0.8, maximum_inverted=0.7, maximum_cut_off=0.9, maximum_tiny=0.6,
    warn_mirrored=0.95,
)  # fmt: skip


def sight(*, chest=0.99, turned=0, sure=1.0, inverted=0.0, mirrored=0.0, cut_off=0.0, tiny=0.0):
    """A film turned by `turned` quarters, of which the network is `sure`."""
    turn = [(1 - sure) / 3] * 4
    turn[turned] = sure
    return Sight(
        chest=chest, turn=tuple(turn), inverted=inverted, mirrored=mirrored,
        field=(1 - cut_off - tiny, cut_off, tiny),
    )  # fmt: skip


def codes(seen) -> list[str]:
    return [reason.code for reason in check_sight(seen, LIMITS)]


def test_upright_chest_film_has_no_reason_and_no_doubt():
    assert codes(sight()) == []
    assert doubts_of(sight(), LIMITS) == ()


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (sight(chest=0.49, turned=2, inverted=1.0), ["not_chest"]),
        (sight(chest=0.5), []),
        (sight(turned=1, sure=0.81), ["turned_left"]),
        (sight(turned=1, sure=0.8), []),
        (sight(turned=2), ["turned_down"]),
        (sight(turned=3), ["turned_right"]),
        (sight(inverted=0.71), ["inverted"]),
        (sight(inverted=0.7), []),
        (sight(turned=2, inverted=0.9), ["turned_down", "inverted"]),
        (sight(cut_off=0.91), ["cut_off"]),
        (sight(tiny=0.61), ["tiny"]),
    ],
)
def test_each_rule_refuses_just_beyond_its_limit(seen, expected):
    assert codes(seen) == expected


@pytest.mark.parametrize(("chest", "said", "expected"), [
    (0.3, False, ["not_chest"]), (0.3, True, []), (0.2, True, []), (0.19, True, ["not_chest"]),
])  # fmt: skip
def test_a_header_that_says_chest_and_frontal_asks_less_of_the_picture(chest, said, expected):
    found = check_sight(sight(chest=chest), LIMITS, said=said)
    assert [reason.code for reason in found] == expected


@pytest.mark.parametrize(("header", "said"), [
    ({}, True), ({"view": "AP"}, True), ({"view": "", "description": "CHEST PA"}, True),
    ({"view": ""}, False), ({"body_part": ""}, False), ({"body_part": "HAND"}, False),
    ({"source": "picture"}, False), ({"modality": ""}, False),
])  # fmt: skip
def test_only_a_dicom_header_that_names_both_says_so(header, said):
    assert says_frontal_chest(replace(CHEST_PA, **header)) is said


def test_mirrored_film_warns_and_is_not_refused():
    seen = sight(mirrored=0.96)
    assert codes(seen) == []
    assert [reason.code for reason in doubts_of(seen, LIMITS)] == ["mirrored"]


def test_every_reason_is_said_in_words_and_bears_what_was_measured_and_its_limit():
    seen = [sight(chest=0.123), *(sight(turned=k, sure=0.987) for k in (1, 2, 3)),
            sight(inverted=0.987), sight(cut_off=0.987), sight(tiny=0.987)]  # fmt: skip
    found = [reason for one in seen for reason in check_sight(one, LIMITS)]
    assert len(found) == 7
    for reason in found:
        assert reason_sentence(reason, "en") != reason_sentence(reason, "vi")
        for language in LANGUAGES:
            assert not re.search(r"\d[.,]\d", reason_sentence(reason, language))
        assert reason.measured in (0.123, 0.987)
        assert 0 < reason.limit < 1


@pytest.mark.parametrize(
    ("seen", "reason"),
    [
        (sight(chest=0.1234), Reason(code="not_chest", measured=0.123, limit=0.5)),
        (sight(turned=2, sure=0.9876), Reason(code="turned_down", measured=0.988, limit=0.8)),
        (sight(inverted=0.75), Reason(code="inverted", measured=0.75, limit=0.7)),
        (sight(cut_off=0.95), Reason(code="cut_off", measured=0.95, limit=0.9)),
        (sight(tiny=0.65), Reason(code="tiny", measured=0.65, limit=0.6)),
    ],
)
def test_a_refusal_is_measured_to_three_decimals(seen, reason):
    assert check_sight(seen, LIMITS) == (reason,)
    mirrored = Reason(code="mirrored", measured=0.96, limit=0.95)
    assert doubts_of(sight(mirrored=0.96), LIMITS) == (mirrored,)
    assert doubts_of(sight(mirrored=0.95), LIMITS) == ()


@pytest.mark.parametrize("limit", ["maximum_cut_off", "maximum_tiny", "maximum_inverted"])
def test_a_probability_just_at_its_limit_does_not_refuse(limit):
    name = limit.removeprefix("maximum_")
    assert codes(sight(**{name: getattr(LIMITS, limit)})) == []


class Seer:
    """A network that sees what the test says, look after look; it keeps what it was shown."""

    def __init__(self, *looks):
        self.card = SimpleNamespace(name="seer", version="1", input_size=96, sha256="0" * 64)
        self.shown = []
        self._looks = list(looks)

    def look(self, image):
        self.shown.append(image)
        return self._looks.pop(0) if len(self._looks) > 1 else self._looks[0]


def gate(*looks, **limits) -> tuple[Gate, Seer]:
    seer = Seer(*looks)
    policy = read_policy().model_copy(update={"sight": LIMITS.model_copy(update=limits)})
    return Gate(policy, seer), seer


def test_limits_hold_for_one_version_of_one_network():
    with pytest.raises(PolicyInvalid, match="set them again") as caught:
        gate(sight(), version="2")
    assert caught.value.values == {"model": "seer 2", "running": "seer 1"}
    assert gate(sight())[0].version.endswith("0" * 64)


def test_film_that_lies_the_wrong_way_is_refused_unless_the_policy_puts_it_right():
    judge, seer = gate(sight(turned=1))
    verdict = judge.judge(radiograph(film()))
    assert verdict.eligibility.status == "refer"
    assert [reason.code for reason in verdict.eligibility.reasons] == ["turned_left"]
    assert verdict.correction == PixelCorrection()
    assert len(seer.shown) == 1


def test_film_that_is_put_right_is_looked_at_again_and_accepted_aloud():
    judge, seer = gate(sight(turned=1, inverted=1.0), sight(mirrored=1.0), correct=True)
    verdict = judge.judge(radiograph(film()))
    assert verdict.eligibility.status == "accept"
    assert [warning.code for warning in verdict.eligibility.warnings][:3] == [
        "corrected_left", "corrected_inverted", "mirrored"
    ]  # fmt: skip
    assert verdict.correction == PixelCorrection(quarter_turns=1, inverted=True)
    assert verdict.sight.turn[1] == 1.0
    first, second = seer.shown
    assert np.allclose(np.rot90(first[0], -1), -second[0], atol=1)


def test_film_that_still_looks_wrong_once_it_is_put_right_is_refused_as_it_came():
    judge, _ = gate(sight(turned=2), sight(turned=2), correct=True)
    verdict = judge.judge(radiograph(film()))
    assert [reason.code for reason in verdict.eligibility.reasons] == ["turned_down"]
    assert verdict.correction == PixelCorrection()


def test_picture_that_is_no_chest_film_cannot_be_put_right():
    judge, _ = gate(sight(chest=0.1, turned=2, inverted=1.0), correct=True)
    verdict = judge.judge(radiograph(film()))
    assert [reason.code for reason in verdict.eligibility.reasons] == ["not_chest"]


def test_refusals_of_pixels_and_of_the_picture_stand_together_and_doubts_only_without_them():
    judge, _ = gate(sight(chest=0.1, mirrored=1.0))
    verdict = judge.judge(radiograph(film(900, 600)))
    assert [reason.code for reason in verdict.eligibility.reasons] == ["crop_loss", "not_chest"]
    assert verdict.eligibility.warnings == ()


@pytest.mark.parametrize("looks", [[0], [2, 0]], ids=["upright", "put right"])
@pytest.mark.parametrize(("view", "status"), [("PA", "accept"), ("", "refer")])
def test_a_doubtful_picture_is_believed_where_its_header_says_frontal_chest(looks, view, status):
    judge, _ = gate(*(sight(chest=0.3, turned=turned) for turned in looks), correct=True)
    decoded = radiograph(film())
    said = replace(decoded, header=replace(CHEST_PA, view=view))
    assert judge.judge(said).eligibility.status == status


def test_values_that_were_never_scaled_are_the_only_reason_whatever_the_network_sees():
    judge, _ = gate(sight(chest=0.0))
    doubt = Reason(code="bits_doubtful", measured=12, limit=16)
    verdict = judge.judge(radiograph(film(), warnings=(doubt,)))
    assert [reason.code for reason in verdict.eligibility.reasons] == ["bits_unscaled"]


def test_the_header_is_judged_by_the_limits_of_the_policy():
    judge, _ = gate(sight())
    found = [judge.check_header(replace(CHEST_PA, age_years=age)).status for age in (14.0, 15.0)]
    assert found == ["refer", "accept"]


def test_padding_stays_black_in_a_film_that_is_inverted_back():
    unit = film()
    unit[:, :100] = 0.0
    judge, seer = gate(sight(inverted=1.0), sight(), correct=True)
    assert judge.judge(radiograph(unit, padded=0.1)).correction.padded
    assert seer.shown[1][0, 48, 2] == -1024


def test_correction_keeps_to_what_the_network_is_sure_of():
    assert correction_of(sight(turned=3, sure=0.7, inverted=0.69), LIMITS) == PixelCorrection()
    assert correction_of(sight(turned=3, sure=0.9), LIMITS) == PixelCorrection(quarter_turns=3)
