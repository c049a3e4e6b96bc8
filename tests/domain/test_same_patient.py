"""Whose other films may stand beside: certain ones, those that may be, and nobody else's."""

import pytest

from cxr_triage.domain import Patient, same_patient

WHO = {"id": "KB-7", "name": "LE^THI HOA", "birth_date": "1971-02-03", "sex": "F"}
CITIZEN = WHO | {"id": "001171000123"}


def same(one, other, *, at_one_station=True):
    forth = same_patient(Patient(**one), Patient(**other), at_one_station=at_one_station)
    back = same_patient(Patient(**other), Patient(**one), at_one_station=at_one_station)
    assert forth is back
    return forth


def test_number_and_birth_date_of_one_station_are_one_patient():
    assert same(WHO, WHO) is True
    assert same(WHO, WHO | {"name": "HOA^LE THI"}) is True
    assert same(WHO, WHO | {"sex": ""}) is True


def test_of_two_stations_an_issuer_or_a_citizens_number_must_say_so():
    assert same(WHO, WHO, at_one_station=False) is None
    issued = WHO | {"issuer": "BYT"}
    assert same(issued, issued, at_one_station=False) is True
    assert same(issued, WHO, at_one_station=False) is None
    assert same(CITIZEN, CITIZEN, at_one_station=False) is True


@pytest.mark.parametrize(
    "other",
    [
        {"birth_date": "1971"},
        {"birth_date": ""},
        {"name": "TRAN^VAN AN"},
        {"id": "KB-8"},
        {"id": ""},
        {"issuer": "another"},
    ],
)
def test_what_agrees_in_part_is_only_offered(other):
    assert same(WHO, WHO | other) is None


@pytest.mark.parametrize(
    "other",
    [
        {"birth_date": "1971-02-04"},
        {"sex": "M"},
        {"id": "KB-8", "name": "TRAN^VAN AN"},
        {"id": "", "birth_date": "1971"},
        {"id": "", "sex": "M"},
    ],
)
def test_what_contradicts_is_somebody_else(other):
    assert same(WHO, WHO | other) is False


def test_nobodys_films_are_nobodys():
    nobody = dict.fromkeys(WHO, "")
    assert same(nobody, nobody) is False
