"""What pages say of how a film was decided: first what to do, then how unusual, never "normal"."""

import html
import signal
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest

from cxr_triage.language import say, say_count
from cxr_triage.result.decided import missed, not_looked_for
from cxr_triage.result.sentences import priority_sentence
from cxr_triage.store.records import EVERYWHERE, ReviewDraft
from cxr_triage.triage.policy import DEFAULT_POLICY
from tests.api.serving import Served, assessment, send
from tests.conftest import real_image
from tests.report.films import CARD, DECISION, assessed, decided, nothing_flagged
from tests.store.builders import KEEPING, image

VI = "vi"
"""What these people read."""

OWN = """
[next_step.urgent]
en = "Call 115."
vi = "Gọi 115."
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A service whose policy has words of its own for what is urgent."""
    folder = tmp_path_factory.mktemp("decision")
    policy = folder / "own.toml"
    policy.write_text(DEFAULT_POLICY.read_text("utf-8") + OWN, "utf-8")
    server = Served(folder, policy=policy)
    yield server
    assert server.stop() == -signal.SIGTERM


@pytest.fixture
def kept(served, film_numbers):
    """Keeps a result beside the service, of a film that came so many hours ago; the study's id."""

    def keep_one(found, *, hours: float = 0.0) -> str:
        number = next(film_numbers)
        new = replace(image(number), received_at=datetime.now(UTC) - timedelta(hours=hours))
        digest = sha256(new.file.read_bytes()).hexdigest()
        header = replace(found.header, study_uid=f"1.7.{number}", sop_uid=f"1.7.{number}.1")
        with served.store() as store:
            made = store.keep(
                new,
                replace(found, id=digest[:32], digest=digest, header=header, pixel_digest=digest),
                audit=KEEPING,
            )
        return made.stored.study_id

    return keep_one


def read(served, address, who="radiologist"):
    with served.person(who) as client:
        answer = client.get(address, headers={"Accept": "text/html"})
    assert answer.status_code == 200
    return html.unescape(answer.text)


def row_of(served, study, who="radiologist"):
    text = read(served, "/worklist", who)
    start = text.index(f'<tr id="s-{study}"')
    return text[start : text.index("</tr>", start)]


def test_the_list_says_above_each_priority_what_to_do_in_the_sites_words(served, kept):
    kept(decided())
    kept(nothing_flagged())
    text = read(served, "/worklist")
    assert "Gọi 115." in text
    assert say("next_step.urgent", VI) not in text
    assert say("next_step.none", VI) in text
    assert text.count('<tr class="group">') == 2


def test_a_study_page_says_what_to_do_then_why(served, kept):
    found = decided()
    text = read(served, f"/studies/{kept(found)}")
    why = priority_sentence(found.reason, VI, DECISION)
    assert text.index("Gọi 115.") < text.index(why) < text.index('class="bar rare')
    assert say("measured.well", VI, number=400, films="Test films") in text
    assert say("measured.nothing_critical", VI) in text


def test_nothing_flagged_is_not_normal_on_any_page(served, kept):
    study = kept(nothing_flagged())
    text = read(served, f"/studies/{study}")
    assert missed(DECISION, VI) in text
    assert not_looked_for(CARD, VI) in text
    assert say("list.nothing", VI) in row_of(served, study)
    assert "41 phim cũng không" in read(served, "/help")  # of the model that runs


def test_what_waits_too_long_says_so_until_it_is_read(served, kept):
    late, early = kept(decided(), hours=3), kept(decided(), hours=1)
    said = say("list.overdue", VI, wait="2 giờ")
    assert said in row_of(served, late)
    assert said not in row_of(served, early)
    with served.store() as store:
        found = store.study(late, EVERYWHERE).images[0].assessment.id
        reader = next(one.id for one in store.accounts.people() if one.name == "radiologist")
        draft = ReviewDraft(assessment_id=found, agrees=True)
        store.save_review(draft, EVERYWHERE, reader_id=reader, version=0, audit=KEEPING)
    assert said not in row_of(served, late)


def test_early_reading_is_marked_and_what_came_of_it_counted(served, kept):
    study = kept(replace(nothing_flagged(), early_reading=True))
    assert say("list.early", VI) in row_of(served, study)
    assert say("early.why", VI) in read(served, f"/studies/{study}")
    counts = say_count("early.counts", VI, 1, read=0, found=0)
    assert counts in read(served, "/stations", "administrator")
    with served.store() as store:
        found = store.study(study, EVERYWHERE).images[0].assessment.id
        reader = next(one.id for one in store.accounts.people() if one.name == "radiologist")
        draft = ReviewDraft(assessment_id=found, missed=("Nodule",))
        store.save_review(draft, EVERYWHERE, reader_id=reader, version=0, audit=KEEPING)
    counts = say_count("early.counts", VI, 1, read=1, found=1)
    assert counts in read(served, "/stations", "administrator")
    with served.nobody() as client:
        metrics = client.get("/metrics").text
    assert 'cxr_triage_early_reading{state="with_finding"} 1.0' in metrics


def test_what_was_kept_before_shows_as_it_was_made_and_says_so(served, kept):
    text = read(served, f"/studies/{kept(assessed())}")
    assert say("viewer.made_before", VI, policy="–") in text
    assert say("unfitted", VI) in text
    assert priority_sentence(assessed().reason, VI) in text
    assert 'class="bar rare' not in text


def test_what_the_running_model_makes_does_not_say_that_it_is_old(served):
    with served.client() as client:
        made = assessment(send(client, real_image("RG1_UNCR").read_bytes()))
    assert made["decision"]["films"]
    assert made["next_step"]
    text = read(served, f"/studies/{made['study_id']}")
    policy = made["policy"]
    assert say("viewer.made_before", VI, policy=policy) not in text
    assert say("unfitted", VI) not in text


def test_the_help_page_explains_rarity_and_names_the_films(served):
    text = read(served, "/help")
    assert say("guide.rarity.text", VI) in text
    assert "NIH ChestX-ray14" in text
    assert say("measured.nothing_critical", VI) in text
