"""When two films cannot show one person."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxr_triage.domain import Patient, contradict, folded, names_differ, persons

HUNG = Patient(id="7", name="Nguyễn^Hùng", birth_date="1960-01-02", sex="M")
LAN = Patient(id="8", name="Trần^Lan", birth_date="1971-05-06", sex="F")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Patient(id="7"), Patient(id="8")),
        (Patient(id="7", issuer="CG"), Patient(id="7", issuer="Q1")),
        (Patient(id="7" * 64 + "1"), Patient(id="7" * 64 + "2")),
        (Patient(birth_date="1960-01-02"), Patient(birth_date="1960-01-03")),
        (Patient(birth_date="1960"), Patient(birth_date="1961-01-03")),
        (Patient(sex="M"), Patient(sex="F")),
        (Patient(name="Nguyễn^Hùng"), Patient(name="Trần^Lan")),
        (Patient(name="Hùng"), Patient(name="Hưng")),
        (Patient(id="7", name="An"), Patient(name="Lan")),
    ],
)
def test_another_number_birth_date_sex_or_name_contradicts(one, other):
    assert contradict(one, other)
    assert contradict(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (HUNG, Patient()),
        (Patient(id="7", issuer="CG"), Patient(id="7")),
        (Patient(id="7", name="An"), Patient(id="7", name="Lan")),
        (Patient(birth_date="1960-01-02"), Patient(birth_date="1960")),
        (Patient(sex="M"), Patient(sex="U")),
        (Patient(name="NGUYEN^HUNG"), Patient(name="nguyễn hùng")),
        (Patient(name="Nguyễn Văn Hùng"), Patient(name="Nguyễn^Hùng")),
        (Patient(name="Đỗ An"), Patient(name="do^thi")),
        (Patient(name="Nguye\u0302\u0303n"), Patient(name="NGUYỄN")),
    ],
)
def test_what_is_absent_or_written_otherwise_does_not(one, other):
    assert not contradict(one, other)
    assert not contradict(other, one)


def test_names_differ_unless_one_is_the_other_typed_without_diacritics():
    differ = [
        ("Nguyễn Hùng", "Nguyễn Hưng"), ("Nguyen Hung", "Nguyễn Hưng"),
        ("Nguyễn^Hùng", "hùng, nguyễn"), ("Nguyễn Hùng", ""),
    ]  # fmt: skip
    found = [names_differ(Patient(name=a), Patient(name=b)) for a, b in differ]
    assert found == [True, False, False, False]


def test_words_are_folded_as_they_are_searched():
    assert folded("  Đỗ Thị^HƯƠNG-Giang ") == "do thi huong giang"


def test_films_that_do_not_contradict_are_one_persons():
    assert persons([HUNG, Patient(), Patient(id="7"), Patient(name="hung")]) == ((0, 1, 2, 3),)


def test_two_persons_and_a_nameless_film_are_three_in_every_order():
    for films in permutations([HUNG, LAN, Patient()]):
        assert sorted(persons(films)) == [(0,), (1,), (2,)]


def test_each_nameless_film_of_a_contested_number_stands_on_its_own():
    assert len(persons([HUNG, LAN, Patient(), Patient(), Patient(sex="M")])) == 5


def test_who_could_be_either_stands_on_its_own():
    an, other, doubtful = Patient(id="1", name="An"), Patient(id="2", name="An"), Patient(name="An")
    for films in permutations([an, other, doubtful]):
        assert sorted(persons(films)) == [(0,), (1,), (2,)]


def test_who_fits_one_alone_is_with_that_one():
    films = [HUNG, LAN, Patient(name="TRAN LAN"), Patient(id="7", name="Mai")]
    assert sorted(persons(films)) == [(0, 3), (1, 2)]


PATIENTS = st.builds(
    Patient,
    id=st.sampled_from(["", "1", "2"]),
    name=st.sampled_from(["", "An", "An Lan", "Lan", "Ấn"]),
    birth_date=st.sampled_from(["", "1960", "1960-01-02", "1971"]),
    sex=st.sampled_from(["", "M", "F"]),
)


@given(st.lists(PATIENTS, max_size=6).flatmap(lambda x: st.tuples(st.just(x), st.permutations(x))))
def test_the_order_of_arrival_changes_nothing(orders):
    first, second = (
        sorted(sorted(repr_of(films[place]) for place in group) for group in persons(films))
        for films in orders
    )
    assert first == second


@given(st.lists(PATIENTS, max_size=6))
def test_nobody_is_put_to_somebody_who_contradicts_them(films):
    groups = persons(films)
    assert sorted(place for group in groups for place in group) == list(range(len(films)))
    for group in groups:
        assert not any(contradict(films[a], films[b]) for a in group for b in group)


def repr_of(patient):
    return (patient.id, patient.name, patient.birth_date, patient.sex)
