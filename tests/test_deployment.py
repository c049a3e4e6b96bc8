"""What docs/deployment offers fits the code: metrics, settings, secrets, containers."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from cxr_triage.errors import SettingsInvalid
from cxr_triage.service.metrics import Metrics
from cxr_triage.settings import Settings, read_settings

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs/deployment"
RULES = [
    rule
    for group in yaml.safe_load((FOLDER / "prometheus/alerts.yml").read_text())["groups"]
    for rule in group["rules"]
]
PANELS = json.loads((FOLDER / "grafana/dashboard.json").read_text())["panels"]
EXPRESSIONS = [rule["expr"] for rule in RULES] + [
    target["expr"] for panel in PANELS for target in panel["targets"]
]
COMPOSE = yaml.safe_load((FOLDER / "compose.yaml").read_text())
OURS = ("triage-1", "triage-2")


@pytest.fixture(scope="module")
def described() -> dict[str, str]:
    """Each metric that the service shows, with its kind."""
    metrics = Metrics()
    card = SimpleNamespace(name="", version="")
    running = SimpleNamespace(card=card, policy="", fingerprint="")
    metrics.watch(SimpleNamespace(size=1, jobs=0, starts=0, losses={}, running=running), ROOT)
    lines = re.findall(r"# TYPE (cxr_triage_\w+) (\w+)", metrics.exposition().decode())
    return {name: kind for name, kind in lines if kind != "gauge" or "_created" not in name}


def samples(described: dict[str, str]) -> set[str]:
    """Names that an expression may use."""
    buckets = {f"{name}_bucket" for name, kind in described.items() if kind == "histogram"}
    return described.keys() | buckets


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_every_expression_asks_for_a_metric_that_there_is(described, expression):
    named = set(re.findall(r"cxr_triage_\w+", expression)) or {"up"}
    assert named <= samples(described) | {"up"}


def test_every_metric_is_described_on_the_page(described):
    page = (ROOT / "docs/deployment.md").read_text()
    names = {name.removeprefix("cxr_triage_") for name in described}
    assert len(names) > 15
    assert {name for name in names if f"`{name}`" not in page} == set()


def test_every_rule_says_what_is_wrong_and_how_bad():
    assert len({rule["alert"] for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert rule["labels"]["severity"] in {"critical", "warning"}
        assert rule["annotations"]["summary"].endswith(".") or "?" in rule["annotations"]["summary"]


@pytest.mark.peers
@pytest.mark.skipif(
    shutil.which("promtool") is None, reason="needs Debian's prometheus (then: make test-peers)"
)
def test_prometheus_takes_the_rules():
    subprocess.run(["promtool", "check", "rules", FOLDER / "prometheus/alerts.yml"], check=True)


@pytest.mark.parametrize("name", OURS)
def test_instances_run_with_little_and_know_only_settings_that_there_are(name):
    instance = COMPOSE["services"][name]
    assert instance["read_only"]
    assert instance["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in instance["security_opt"]
    assert "ports" not in instance
    known = {f"CXR_TRIAGE_{field.upper()}" for field in Settings.model_fields}
    assert instance["environment"].keys() <= known | {"CXR_TRIAGE_SECRETS_DIR"}
    secrets = {secret["target"].upper() for secret in instance["secrets"]}
    assert secrets <= known


def test_the_proxy_alone_is_trusted_and_reached():
    proxy = COMPOSE["services"]["proxy"]
    address = proxy["networks"]["inside"]["ipv4_address"]
    trusted = {
        COMPOSE["services"][name]["environment"]["CXR_TRIAGE_TRUSTED_PROXIES"] for name in OURS
    }
    assert trusted == {address}
    assert COMPOSE["networks"]["inside"]["internal"]
    open_ones = {name for name, service in COMPOSE["services"].items() if "ports" in service}
    assert open_ones == {"proxy"}


def test_secrets_are_read_from_files_and_never_printed(tmp_path, monkeypatch):
    (tmp_path / "cxr_triage_metrics_token").write_text("of a file\n")
    monkeypatch.setenv("CXR_TRIAGE_SECRETS_DIR", str(tmp_path))
    settings = read_settings()
    assert settings.metrics_token.get_secret_value() == "of a file"
    assert "of a file" not in repr(settings)
    monkeypatch.setenv("CXR_TRIAGE_METRICS_TOKEN", "of a variable")
    assert read_settings().metrics_token.get_secret_value() == "of a variable"


def test_a_folder_of_secrets_that_is_not_there_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setenv("CXR_TRIAGE_SECRETS_DIR", str(tmp_path / "none"))
    with pytest.raises(SettingsInvalid):
        read_settings()
