"""The alert rules and dashboards of deploy/: each alert fires and stays calm, and every metric in them exists."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.telemetry.exposition import documented

DEPLOY = Path(__file__).parents[2] / "deploy"
RULES = DEPLOY / "prometheus" / "alerts.yaml"
RUNBOOK = Path(__file__).parents[2] / "docs" / "runbook.md"
PROMTOOL = shutil.which("promtool")
needs_promtool = pytest.mark.skipif(
    PROMTOOL is None and "CI" not in os.environ, reason="promtool is not installed (Debian's prometheus)"
)


@dataclass(frozen=True)
class Case:
    """Series by minute, with which an alert fires after half an hour, and others with which it does not.

    `labels` are those that it fires with beside its severity. A series is written as promtool's: `1x60` stays at 1,
    `0+1x60` grows by 1.
    """

    fires: dict[str, str]
    calm: dict[str, str]
    labels: dict[str, str] = field(default_factory=dict)


def one(series: str, fires: str, calm: str, **labels: str) -> Case:
    return Case({series: fires}, {series: calm}, labels)


def counted(series: str, **labels: str) -> Case:
    """A counter that no one should see grow."""
    return one(series, "0+10x60", "7x60", **labels)


def shared(name: str, bad: str, good: str, *, by: str = "", **labels: str) -> Case:
    """A counter of which a part is bad: here half of it, or a hundredth."""
    common = f"{by}, " if by else ""
    bad, good = f"{name}{{{common}{bad}}}", f"{name}{{{common}{good}}}"
    return Case({bad: "0+100x60", good: "0+100x60"}, {bad: "0+1x60", good: "0+100x60"}, labels)


def quantile(name: str, *, low: float, high: float, labels: str = "") -> Case:
    """A histogram whose values all lie between two edges, above or below what is allowed."""
    more = f", {labels}" if labels else ""

    def series(below: str, count: str) -> dict[str, str]:
        edges = {f"{low}": below, f"{high}": count, "+Inf": count}
        return {f'{name}_bucket{{le="{edge}"{more}}}': values for edge, values in edges.items()}

    return Case(series("0x60", "0+60x60"), series("0+60x60", "0+60x60"))


STATE = "cavendish_state_timestamp_seconds"
CASES = {
    "CavendishNoWorkers": one("cavendish_workers", "0x60", "2x60"),
    "CavendishQueueIsSlow": one('cavendish_queue_oldest_seconds{tier="interactive"}', "31x60", "2x60"),
    "CavendishWorkersAreFull": Case(
        {'cavendish_running_jobs{tier="batch"}': "95x60", "cavendish_capacity_jobs": "100x60"},
        {'cavendish_running_jobs{tier="batch"}': "50x60", "cavendish_capacity_jobs": "100x60"},
    ),
    "CavendishSchedulerIsSilent": one(STATE, "0x60", "0+60x60"),
    "CavendishSweeperRepairs": counted('cavendish_sweeper_repairs_total{what="holds"}', what="holds"),
    "CavendishJobsWereFreed": counted('cavendish_sweeper_repairs_total{what="freed"}'),
    "CavendishLeasesAreLost": counted("cavendish_leases_lost_total"),
    "CavendishErrorAnswers": shared("cavendish_requests_total", 'status="500"', 'status="200"'),
    "CavendishSlowAnswers": quantile("cavendish_request_seconds", low=1, high=2.5, labels='mode="answer"'),
    "CavendishConnectionsRefused": counted('cavendish_connections_refused_total{reason="address"}', reason="address"),
    "CavendishLimitsAreLocal": one("cavendish_limits_shared", "0x60", "1x60"),
    "CavendishInternalFailures": counted('cavendish_ended_jobs_total{status="failed", code="internal"}'),
    "CavendishJobsFail": shared(
        "cavendish_ended_jobs_total", 'status="failed", code="upstream_unavailable"', 'status="succeeded", code=""'
    ),
    "CavendishSettlementIsSlow": quantile("cavendish_settle_seconds", low=0.5, high=1),
    "CavendishUpstreamErrors": shared(
        "cavendish_upstream_calls_total", 'status="429"', 'status="200"', by='model="nano"', model="nano"
    ),
    "CavendishNoUsableKey": Case(
        {'cavendish_upstream_keys{state="usable"}': "0x60", 'cavendish_upstream_keys{state="cooling"}': "2x60"},
        {'cavendish_upstream_keys{state="usable"}': "0x60", 'cavendish_upstream_keys{state="cooling"}': "0x60"},
    ),
    "CavendishKeyIsRefused": one('cavendish_upstream_keys{state="refused"}', "1x60", "0x60"),
    "CavendishPartIsAway": one('cavendish_part_up{part="spool"}', "0x60", "1x60", part="spool"),
    "CavendishBrokerIsAway": one("cavendish_broker_up", "0x60", "1x60"),
    "CavendishSpoolTakesNothing": one("cavendish_spool_fault", "1x60", "0x60"),
    "CavendishSpoolFillsUp": one("cavendish_spool_free_bytes", "1e9x60", "1e11x60"),
    "CavendishAnswersWait": one("cavendish_spool_parcels", "101x60", "3x60"),
    "CavendishPoolIsUsedUp": one('cavendish_pool_waiting{pool="default"}', "2x60", "0x60", pool="default"),
    "CavendishStorageErrors": counted('cavendish_storage_errors_total{operation="keep"}', operation="keep"),
    "CavendishErrorsAreLogged": counted('cavendish_log_lines_total{level="ERROR"}'),
    "CavendishVersionsAreMixed": Case(
        {'cavendish_build_info{version="1"}': "1x99", 'cavendish_build_info{version="2"}': "1x99"},
        {'cavendish_build_info{version="1"}': "1x99"},
    ),
    "CavendishTasksFail": counted('cavendish_task_failures_total{task="mails_due"}', task="mails_due"),
    "CavendishSweepsAreLate": one('cavendish_task_ended_timestamp_seconds{task="sweep"}', "0x60", "0+60x60"),
    "CavendishWebhooksAreLate": one("cavendish_webhook_due_oldest_seconds", "301x60", "5x60"),
    "CavendishMailsAreLate": one("cavendish_mails_oldest_seconds", "601x60", "5x60"),
    "CavendishMailsAreGivenUp": one("cavendish_mails_failed", "0+1x60", "4x60"),
    "CavendishBooksDiffer": one('cavendish_reconcile_differences{scope="recent"}', "1x60", "0x60", scope="recent"),
    "CavendishReconcileFailed": one('cavendish_reconcile_failed{scope="whole"}', "1x60", "0x60", scope="whole"),
    "CavendishReconcileIsOld": one(
        'cavendish_reconcile_age_seconds{scope="whole"}', "200000x60", "3600x60", scope="whole"
    ),
    # 0 where no provider is set
    "CavendishProviderIsSilent": Case(
        {"cavendish_provider_answer_timestamp_seconds": "60x60"},
        {"cavendish_provider_answer_timestamp_seconds": "0x60"},
    ),
    "CavendishProviderIsNotBooked": one("cavendish_provider_unbooked", "1x60", "0x60"),
    "CavendishMonthsAreMissing": one("cavendish_months_ahead", "0x60", "3x60"),
    "CavendishBackupIsOld": one("cavendish_backup_age_seconds", " ".join(["+Inf"] * 60), "3600x60"),
}


def rules() -> dict[str, dict[str, Any]]:
    groups = yaml.safe_load(RULES.read_text())["groups"]
    return {rule["alert"]: rule for group in groups for rule in group["rules"]}


def block(name: str, case: Case, series: dict[str, str], *, fires: bool) -> dict[str, Any]:
    """Returns a test of one alert, as promtool reads it."""
    rule = rules()[name]
    alerts = []
    if fires:
        said = {
            key: re.sub(r"\{\{ \$labels\.(\w+) \}\}", lambda match: case.labels[match[1]], text)
            for key, text in rule["annotations"].items()
        }
        alerts = [{"exp_labels": {**rule["labels"], **case.labels}, "exp_annotations": said}]
    return {
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "alert_rule_test": [
            {"eval_time": "90m" if rule["for"] == "1h" else "30m", "alertname": name, "exp_alerts": alerts}
        ],
    }


@needs_promtool
def test_each_alert_fires_and_stays_calm(tmp_path: Path) -> None:
    assert set(CASES) == set(rules())
    tests = [block(name, case, case.fires, fires=True) for name, case in CASES.items()]
    tests += [block(name, case, case.calm, fires=False) for name, case in CASES.items()]
    file = tmp_path / "alerts_test.yaml"
    file.write_text(yaml.safe_dump({"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": tests}))
    for command in (["check", "rules", str(RULES)], ["test", "rules", str(file)],
                    ["check", "config", str(DEPLOY / "prometheus" / "prometheus.yml")]):  # fmt: skip
        done = subprocess.run([PROMTOOL or "promtool", *command], capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr


def test_each_alert_has_its_line_in_the_runbook() -> None:
    lines = re.findall(r"^### (\w+)\n\n\*(\w+)\*: ", RUNBOOK.read_text(), re.MULTILINE)
    assert dict(lines) == {name: rule["labels"]["severity"] for name, rule in rules().items()}
    for name, rule in rules().items():
        assert rule["annotations"]["runbook_url"] == f"docs/runbook.md#{name.lower()}"


def test_the_chart_has_the_same_rules() -> None:
    assert (DEPLOY / "helm" / "cavendish" / "files" / "alerts.yaml").read_text() == RULES.read_text()


def dashboards() -> dict[str, dict[str, Any]]:
    return {path.name: json.loads(path.read_text()) for path in sorted((DEPLOY / "grafana").glob("*.json"))}


def expressions() -> list[str]:
    panels = [panel for board in dashboards().values() for panel in board["panels"]]
    return [target["expr"] for panel in panels for target in panel.get("targets", ())] + [
        rule["expr"] for rule in rules().values()
    ]


def test_every_metric_that_is_asked_for_exists_and_every_metric_is_shown() -> None:
    asked = {name for expression in expressions() for name in re.findall(r"\bcavendish_\w+", expression)}
    known = set(documented())
    assert {re.sub(r"_(total|bucket|sum|count)$", "", name) for name in asked} - known == set()
    assert known - {re.sub(r"_(total|bucket|sum|count)$", "", name) for name in asked} == set()


def test_dashboards_have_ids_and_places_of_their_own() -> None:
    boards = dashboards()
    assert set(boards) == {"background.json", "overview.json", "queue.json", "upstream.json"}
    assert len({board["uid"] for board in boards.values()}) == len(boards)
    for board in boards.values():
        assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
        places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in board["panels"]]
        assert len(set(places)) == len(places)


@needs_promtool
def test_each_query_of_a_dashboard_can_be_parsed(tmp_path: Path) -> None:
    queries = [{"record": f"query:{number}", "expr": text} for number, text in enumerate(expressions())]
    file = tmp_path / "queries.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "queries", "rules": queries}]}))
    done = subprocess.run([PROMTOOL or "promtool", "check", "rules", str(file)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
