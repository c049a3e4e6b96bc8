"""DCMTK sends films in six transfer syntaxes, and is told what is wrong."""

import pytest

from cxr_triage.store.records import EVERYWHERE

from ..api.films import ROOT, film
from ..dicom_net.serving import receiving
from ..imaging.films import read
from .dcmtk import needs_dcmtk, run

pytestmark = [pytest.mark.peers, needs_dcmtk]
CALL = ("-aec", "CXRTRIAGE", "127.0.0.1")
SYNTAXES = {
    "1.2.840.10008.1.2": ([], "-xi"),
    "1.2.840.10008.1.2.1": ([], "-xe"),
    "1.2.840.10008.1.2.2": (["dcmconv", "+tb"], "-xb"),
    "1.2.840.10008.1.2.4.70": (["dcmcjpeg", "+e1"], "-xs"),
    "1.2.840.10008.1.2.4.80": (["dcmcjpls"], "-xt"),
    "1.2.840.10008.1.2.5": (["dcmcrle"], "-xr"),
}


@pytest.fixture(scope="module")
def there(tmp_path_factory):
    with receiving(tmp_path_factory.mktemp("dcmtk")) as found:
        yield found


def test_echoscu_is_answered(there):
    port = str(there.port)
    assert run("echoscu", "-aet", "XRAY1", *CALL, port).returncode == 0
    assert run("echoscu", "-aet", "WHO", *CALL, port).returncode != 0


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_storescu_sends_in_six_transfer_syntaxes(there, tmp_path, syntax):
    number = 500 + list(SYNTAXES).index(syntax)
    convert, option = SYNTAXES[syntax]
    file = tmp_path / "film.dcm"
    file.write_bytes(film(number))
    if convert:
        assert run(*convert, file, tmp_path / "other.dcm").returncode == 0
        file = tmp_path / "other.dcm"
    done = run("storescu", "-v", option, "-aet", "XRAY1", *CALL, str(there.port), file)
    assert done.returncode == 0, done.stderr
    assert "Received Store Response (Success)" in done.stdout + done.stderr
    (row,) = there.services.store.studies_with_uid(f"{ROOT}.1.{number}", EVERYWHERE)
    stored = there.services.store.study(row.study_id, EVERYWHERE).images[0].assessment
    assert stored.outcome == "assessed"
    assert stored.header.transfer_syntax == syntax
    sent = read(film(number))
    assert (stored.pixel_digest, stored.header.sop_uid) == (sent.pixel_digest, sent.header.sop_uid)
