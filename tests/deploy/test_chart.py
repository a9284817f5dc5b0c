"""The Helm chart, rendered by Helm with the values of `ci/`, against Kubernetes' own schemas and our own promises."""

from __future__ import annotations

import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from cavendish.boot.declared import SETTINGS

DEPLOY = Path(__file__).parents[2] / "deploy"
CHART = DEPLOY / "helm" / "cavendish"
HELM = shutil.which("helm") or shutil.which("helm", path=str(Path(sys.executable).parent))
VALUES = sorted(CHART.glob("ci/*.yaml"))
VERSIONS = ("1.27", "1.34")
"""The oldest that the chart takes, and the newest that was tried."""
OF_OTHERS = {"ScaledObject", "ServiceMonitor", "PrometheusRule", "HTTPRoute"}
"""Kinds that Kubernetes has no schema for."""
OF_LIBRARIES = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}

Manifest = dict[str, Any]


@cache
def rendered(values: Path) -> tuple[Manifest, ...]:
    """Everything that the chart makes of these values, hooks and tests included."""
    if HELM is None:
        pytest.skip("There is no helm on this machine (.ci/helm.py brings it): the chart was not rendered.")
    command = [HELM, "template", "trial", str(CHART), "--namespace", "images", "--values", str(values)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return tuple(manifest for manifest in yaml.safe_load_all(done.stdout) if manifest)


def pods(manifests: tuple[Manifest, ...]) -> dict[str, Manifest]:
    """The specification of each pod, by the component that it is."""
    found = {}
    for manifest in manifests:
        pod = manifest if manifest["kind"] == "Pod" else (manifest.get("spec") or {}).get("template")
        if pod:
            found[pod["metadata"]["labels"]["app.kubernetes.io/component"]] = pod["spec"]
    return found


@pytest.mark.parametrize("values", VALUES, ids=lambda path: path.stem)
def test_what_it_renders_is_what_kubernetes_takes(values: Path) -> None:
    checked = 0
    for manifest in rendered(values):
        for version in VERSIONS:
            if manifest["kind"] not in OF_OTHERS:
                kubernetes_validate.validate(manifest, version, strict=True)
                checked += 1
    assert checked >= 10


@pytest.mark.parametrize("values", VALUES, ids=lambda path: path.stem)
def test_no_pod_has_more_rights_than_it_needs(values: Path) -> None:
    found = pods(rendered(values))
    assert {"web", "worker", "scheduler", "migrate", "test"} <= set(found)
    for component, pod in found.items():
        assert pod["automountServiceAccountToken"] is False, component
        assert pod["securityContext"]["runAsNonRoot"] is True, component
        for container in pod["containers"]:
            context = container["securityContext"]
            assert context["readOnlyRootFilesystem"] is True, component
            assert context["allowPrivilegeEscalation"] is False, component
            assert context["capabilities"] == {"drop": ["ALL"]}, component
            assert container["resources"]["limits"]["memory"], component
    owners = {
        component
        for component, pod in found.items()
        if {"secretRef": {"name": "cavendish-owner"}} in pod["containers"][0].get("envFrom", [])
    }
    assert owners == {"migrate"}
    if "sandbox" in found:
        assert "envFrom" not in found["sandbox"]["containers"][0]


@pytest.mark.parametrize("values", VALUES, ids=lambda path: path.stem)
def test_processes_get_settings_that_the_platform_knows(values: Path) -> None:
    known = set(SETTINGS) | OF_LIBRARIES
    for component, pod in pods(rendered(values)).items():
        for container in pod["containers"]:
            names = [entry["name"] for entry in container.get("env", [])]
            assert set(names) <= known, f"{component}: {set(names) - known}"
            assert len(names) == len(set(names)), component


@pytest.mark.parametrize("values", VALUES, ids=lambda path: path.stem)
def test_running_calls_end_before_kubernetes_kills(values: Path) -> None:
    found = pods(rendered(values))
    for component in ("web", "worker"):
        environment = {entry["name"]: entry.get("value") for entry in found[component]["containers"][0]["env"]}
        assert found[component]["terminationGracePeriodSeconds"] > int(environment["DRAIN_SECONDS"]) + 5


def test_migrations_come_before_the_roll_out() -> None:
    (job,) = (it for it in rendered(VALUES[0]) if it["kind"] == "Job")
    assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"
    assert job["spec"]["template"]["spec"]["restartPolicy"] == "Never"
    # A hook comes before what the release is made of: nothing of it may be needed.
    assert "serviceAccountName" not in job["spec"]["template"]["spec"]


def test_workers_scale_by_what_the_scheduler_measures() -> None:
    by_name = {path.stem.removesuffix("-values"): {it["kind"]: it for it in rendered(path)} for path in VALUES}
    (trigger,) = by_name["keda"]["ScaledObject"]["spec"]["triggers"]
    assert "cavendish_queue_oldest_seconds" in trigger["metadata"]["query"]
    (metric,) = (
        metric
        for it in rendered(CHART / "ci" / "plain-values.yaml")
        if it["kind"] == "HorizontalPodAutoscaler"
        for metric in it["spec"]["metrics"]
    )
    assert metric["external"]["metric"]["name"] == "cavendish_queue_oldest_seconds"
    assert {"StatefulSet", "Deployment"} <= set(by_name["keda"])
    for path in VALUES:
        replicas = {it["kind"]: it["spec"].get("replicas") for it in rendered(path) if it["kind"] == "StatefulSet"}
        assert (replicas["StatefulSet"] is None) == (path.stem in {"keda-values", "plain-values"})


def test_every_value_is_documented() -> None:
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    page = (CHART / "README.md").read_text()
    assert [name for name in values if f"`{name}`" not in page] == []


def test_the_charts_version_is_the_platforms() -> None:
    from importlib.metadata import version

    assert yaml.safe_load((CHART / "Chart.yaml").read_text())["appVersion"] == version("cavendish")
