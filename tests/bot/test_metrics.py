"""The counts, as Prometheus reads them."""

import inspect
import re

import pytest

from bot.metrics import MOST_VALUES, Metrics, Recorder, Unrecorded


def lines(metrics: Metrics) -> list[str]:
    """Every series with its value."""
    text = metrics.exposition()[0].decode()
    return [line for line in text.splitlines() if not line.startswith("#") and line.startswith("volati_")]


def filled() -> Metrics:
    """One of each."""
    metrics = Metrics()
    metrics.command("diagnose", "begun")
    metrics.run("keycloak", "down", 1.5)
    metrics.run_failed("keycloak")
    metrics.finding("keycloak.wrong-secret")
    metrics.source("keycloak-login", 0.02)
    metrics.slack_call("chat.postMessage", "ok")
    metrics.delivery("slash_commands", "answered")
    metrics.request_refused("signature")
    metrics.sockets("open", 2)
    metrics.reconnected("refresh_requested")
    metrics.error("examination")
    return metrics


def test_counts_everything() -> None:
    """It has one series for each thing that is told."""
    found = lines(filled())
    for line in (
        'volati_commands_total{outcome="begun",word="diagnose"} 1.0',
        'volati_runs_total{area="keycloak",verdict="down"} 1.0',
        'volati_runs_total{area="keycloak",verdict="failed"} 1.0',
        'volati_run_seconds_sum{area="keycloak"} 1.5',
        'volati_check_findings_total{check="keycloak.wrong-secret"} 1.0',
        'volati_source_seconds_count{kind="keycloak-login"} 1.0',
        'volati_slack_calls_total{method="chat.postMessage",outcome="ok"} 1.0',
        'volati_deliveries_total{kind="slash_commands",outcome="answered"} 1.0',
        'volati_requests_refused_total{reason="signature"} 1.0',
        'volati_sockets{state="open"} 2.0',
        'volati_socket_replacements_total{reason="refresh_requested"} 1.0',
        'volati_errors_total{where="examination"} 1.0',
    ):
        assert line in found


def test_names_are_prometheus_own_way() -> None:
    """It names counters _total, times _seconds, and explains each."""
    text = filled().exposition()[0].decode()
    kinds = dict(re.findall(r"^# TYPE (volati_\w+) (\w+)$", text, re.MULTILINE))
    explained = dict(re.findall(r"^# HELP (volati_\w+) (.+)$", text, re.MULTILINE))
    assert kinds.keys() == explained.keys()
    assert all(name.endswith("_total") for name, kind in kinds.items() if kind == "counter")
    assert all(name.endswith("_seconds") for name, kind in kinds.items() if kind == "histogram")
    assert "_created" not in text


def test_labels_are_bounded() -> None:
    """It does not remember more values of a label than its bound, whatever people type."""
    metrics = Metrics()
    for number in range(10 * MOST_VALUES):
        metrics.command(f"word{number}", "refused")
    found = [line for line in lines(metrics) if line.startswith("volati_commands_total")]
    assert len(found) == MOST_VALUES + 1
    assert f'volati_commands_total{{outcome="refused",word="other"}} {9 * MOST_VALUES}.0' in found


@pytest.mark.parametrize("word", ["", "a" * 65, "two words", 'x"} 1\nfake{', "<!channel>", "ünï", "-x", "\x00"])
def test_odd_values_are_other(word: str) -> None:
    """It takes a value that is no plain word for `other`."""
    metrics = Metrics()
    metrics.command(word, "refused")
    assert lines(metrics) == ['volati_commands_total{outcome="refused",word="other"} 1.0']


def test_each_counts_for_itself() -> None:
    """It shares nothing with another recorder of the same process."""
    one, other = filled(), Metrics()
    assert lines(one) != []
    assert lines(other) == []


def test_all_recorders_take_the_same() -> None:
    """It can be put in the place of one that counts nothing: both have every method of the protocol."""
    told = [name for name, _ in inspect.getmembers(Recorder, inspect.isfunction) if not name.startswith("_")]
    for kind in (Metrics, Unrecorded):
        for name in told:
            assert inspect.signature(getattr(kind, name)) == inspect.signature(getattr(Recorder, name))
    assert len(told) == 13
