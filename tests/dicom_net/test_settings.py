"""Who may call is said in full, or the service does not start."""

import sys

import pytest

from cxr_triage.dicom_net.callers import Caller, callers_of
from cxr_triage.dicom_net.opening import open_listener
from cxr_triage.errors import MissingExtra, SettingsInvalid
from cxr_triage.settings import Settings


def test_callers_are_read_with_and_without_addresses():
    text = "X RAY 1 = north;ARCHIVE@10.1.0.0/24=main ; V6@fd00::/64=south"
    first, second, third = callers_of(Settings(dicom_callers=text))
    assert (first.title, first.station_id, first.network) == ("X RAY 1", "north", None)
    assert second.may_call_from("10.1.0.9")
    assert not second.may_call_from("10.2.0.9")
    assert third.may_call_from("fd00::1")
    assert first == Caller(title="X RAY 1", station_id="north")


@pytest.mark.parametrize(
    "text", ["", "XRAY", "=north", "XRAY@nowhere=north", "Ａ=north", "A" * 17 + "=n"]
)
def test_what_is_no_list_of_callers_is_refused(text):
    with pytest.raises(SettingsInvalid, match="DICOM_CALLERS"):
        callers_of(Settings(dicom_callers=text))


def test_on_a_network_a_title_alone_lets_nobody_in(tmp_path):
    open_ = {"dicom_host": "0.0.0.0", "dicom_callers": "XRAY=north; B@10.0.0.1=north"}  # noqa: S104
    with pytest.raises(SettingsInvalid, match="DICOM_TLS_CLIENTS"):
        callers_of(Settings(**open_))
    assert callers_of(Settings(**open_, dicom_tls_clients=tmp_path / "ca.pem"))
    assert callers_of(Settings(**open_ | {"dicom_callers": "B@10.0.0.1=north"}))


@pytest.mark.parametrize("title", ["", " A", "A\\B", "A" * 17, "Ạ"])
def test_an_ae_title_is_one(title):
    with pytest.raises(ValueError, match="AE title"):
        Settings(dicom_ae_title=title)


def test_without_pynetdicom_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pynetdicom", None)
    with pytest.raises(MissingExtra, match=r"cxr-triage\[server\]"):
        open_listener(Settings(dicom_callers="A=north"), None)
