"""What docs/deployment offers fits the code: metrics, settings, secrets, containers."""

import json
import re
import shutil
import subprocess
from datetime import UTC, datetime
from ipaddress import ip_address, ip_network
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from sqlalchemy import make_url
from typer.testing import CliRunner

from cxr_triage.cli.app import create_app
from cxr_triage.errors import SettingsInvalid
from cxr_triage.service.inference.turns import Turns
from cxr_triage.service.metrics import Metrics
from cxr_triage.settings import Settings, read_settings
from cxr_triage.store.records import EarlyReading
from cxr_triage.store.rows.deliveries import Backlog

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
PAGE = (FOLDER.parent / "deployment.md").read_text()
COMPOSE = yaml.safe_load((FOLDER / "compose.yaml").read_text())
OURS = ("triage-1", "triage-2")


@pytest.fixture(scope="module")
def described() -> dict[str, str]:
    """Each metric that the service shows, with its kind."""
    metrics = Metrics()
    card = SimpleNamespace(name="", version="")
    running = SimpleNamespace(card=card, policy="", fingerprint="")
    turns = Turns(1, 0)
    workers = SimpleNamespace(turns=turns, starts=1, losses={"crashed": 1})
    pool = SimpleNamespace(films=workers, drawings=workers, printing=turns, running=running)
    metrics.watch(pool, ROOT)
    checked = SimpleNamespace(ended_at=datetime.now(UTC), state="dead", error="store_busy")
    rows = SimpleNamespace(counts=dict, newest=lambda _kind: checked)
    early = EarlyReading(drawn=0, read=0, with_finding=0)
    sent = SimpleNamespace(backlog=lambda: {"pacs": Backlog(waiting=1, oldest=datetime.now(UTC))})
    metrics.watch_tasks(SimpleNamespace(tasks=rows, early_reading=lambda: early, deliveries=sent))
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
    names = {name.removeprefix("cxr_triage_") for name in described}
    assert len(names) > 15
    assert {name for name in names if f"`{name}`" not in PAGE} == set()


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


def test_no_other_container_gets_the_proxys_address():
    """Those without one of their own are given the first that are free."""
    (inside,) = COMPOSE["networks"]["inside"]["ipam"]["config"]
    proxy = ip_address(COMPOSE["services"]["proxy"]["networks"]["inside"]["ipv4_address"])
    assert proxy in ip_network(inside["subnet"])
    assert proxy not in ip_network(inside["ip_range"])
    assert ip_network(inside["ip_range"]).subnet_of(ip_network(inside["subnet"]))


def test_the_database_is_reached_as_its_server_answers():
    """Its image has no certificate, and over a network TLS is asked for unless told otherwise."""
    told = re.search(r"printf '(postgresql\S+)'", (FOLDER / "compose.yaml").read_text())
    url = make_url(told[1] % "secret")
    server = COMPOSE["services"][url.host]
    assert (url.username, url.database) == (
        server["environment"]["POSTGRES_USER"],
        server["environment"]["POSTGRES_DB"],
    )
    assert "command" not in server
    assert url.query["sslmode"] == "disable"
    assert "ports" not in server
    assert COMPOSE["networks"]["inside"]["internal"]


def test_what_is_waited_for_has_a_check_and_what_is_named_is_there():
    services = COMPOSE["services"]
    for service in services.values():
        awaited = service.get("depends_on", {})
        assert set(awaited) <= services.keys()
        for name in awaited:
            if isinstance(awaited, dict) and awaited[name]["condition"] == "service_healthy":
                assert services[name]["healthcheck"]["test"]
        assert set(service["networks"]) <= COMPOSE["networks"].keys()
        volumes = {volume.partition(":")[0] for volume in service["volumes"]}
        assert {name for name in volumes if not name.startswith(".")} <= COMPOSE["volumes"].keys()
        assert all((FOLDER / name).exists() for name in volumes if name.startswith("."))


def test_what_the_page_links_to_is_there():
    links = re.findall(r"\]\(([^)#:]+)[^)]*\)", PAGE)
    assert len(links) > 8
    assert [link for link in links if not (ROOT / "docs" / link).exists()] == []


@pytest.mark.parametrize(
    "command",
    [
        *re.findall(r"cxr-triage (admin [^&#>|`\n]+)", PAGE),
        *re.findall(
            r"ExecStart=\S+ (.+)", (FOLDER / "systemd/cxr-triage-anchor.service").read_text()
        ),
    ],
)
def test_every_command_of_the_page_is_one(command):
    """Each word after `admin` that is an option is one of that command."""
    words = re.split(r"[`\s]", command.strip())
    name, options = words[1], [word for word in words if word.startswith("--")]
    shown = CliRunner().invoke(create_app("en"), ["admin", name, "--help"])
    assert shown.exit_code == 0, command
    assert [option for option in options if option not in shown.stdout] == []


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
