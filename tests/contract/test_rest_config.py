"""Settings over REST: what is shown, what may be changed, and what a change leaves in the settings file."""

from __future__ import annotations

import pytest

from tests.helpers.api_rig import ApiRig, served
from workstation.api.tuned import Tuned
from workstation.config.board import APPLIED, CHANGEABLE, KEPT, ConfigBoard, SettingChanged
from workstation.config.settings import Settings, load_settings
from workstation.config.settings_file import setting_rows

PATH = "/api/v1/system/config"


@pytest.fixture
def rig(tmp_path):
    with served(tmp_path) as rig:
        yield rig


def config_file(rig: ApiRig):
    return rig.token_file.with_name("config.toml")


def change(rig: ApiRig, key: str, value: object, if_match: str = "*"):
    return rig.http.patch(f"{PATH}/{key}", json={"value": value}, headers={"If-Match": if_match})


class TestReading:
    def test_settings_are_listed_by_name_and_category_without_what_security_rests_on(self, rig):
        listed = rig.http.get(PATH).json()
        keys = [entry["key"] for entry in listed["config"]]
        assert keys == sorted(keys)
        assert "marketdata.tick_retention" in keys
        assert listed["total_count"] == len(keys)
        assert not [key for key in keys if key.startswith("api.") or key == "webhooks.allowed_hosts"]
        audit = rig.http.get(f"{PATH}?category=audit").json()["config"]
        assert [entry["key"] for entry in audit] == ["audit.retention"]
        assert audit[0]["value"] == 2555.0
        assert "Applies at the next start." in audit[0]["description"]

    def test_one_setting_is_read_and_an_unknown_or_private_one_is_not_found(self, rig):
        assert rig.http.get(f"{PATH}/log.level").json()["value"] == "INFO"
        for key in ("log.nothing", "api.port", "webhooks.allowed_hosts"):
            assert rig.http.get(f"{PATH}/{key}").status_code == 404


class TestWhatMayChange:
    def test_every_setting_may_be_changed_or_says_why_not(self, rig):
        shown = rig.http.get(f"{PATH}?limit=500").json()["config"]
        names = {row.name for row in setting_rows(Settings(), None, {})}
        assert names >= CHANGEABLE >= APPLIED
        for name in names - CHANGEABLE:
            assert [start for start in KEPT if name.startswith(start)], name
        assert {entry["key"] for entry in shown if entry["is_changeable"]} == CHANGEABLE

    @pytest.mark.parametrize(
        ("key", "why"),
        [("risk.flatten_at_lockout", "what may be lost"), ("audit.retention", "proof"), ("sim.exchange", "market")],
    )
    def test_one_that_guards_money_or_proof_is_refused_with_the_reason(self, rig, key, why):
        answer = change(rig, key, 1)
        assert (answer.status_code, answer.json()["code"]) == (403, "DESKTOP_ONLY")
        assert why in answer.json()["detail"]
        assert not config_file(rig).exists()
        (entry,) = rig.http.get("/api/v1/audit?action=CONFIG_CHANGE").json()["entries"]
        assert (entry["outcome"], entry["resource_id"]) == ("REFUSED", key)

    @pytest.mark.parametrize(("key", "value"), [("webhooks.timeout", "7"), ("log.level", 3), ("webhooks.timeout", 7.5)])
    def test_a_value_of_another_type_is_refused(self, rig, key, value):
        answer = change(rig, key, value)
        assert answer.status_code == 422
        assert key in answer.json()["details"]["fields"][0]["message"]
        assert not config_file(rig).exists()

    def test_what_applies_at_once_holds_for_the_next_call(self, rig):
        assert set(Tuned(rig.options).names()) == APPLIED
        change(rig, "webhooks.max_retries", 7)
        hook = {"name": "a", "endpoint_url": "https://93.184.215.14/x"}
        assert rig.http.post("/api/v1/webhooks/out", json=hook).json()["max_retries"] == 7
        change(rig, "webhooks.max_retries", None)
        assert rig.http.post("/api/v1/webhooks/out", json=hook | {"name": "b"}).json()["max_retries"] == 3
        change(rig, "marketdata.max_subscriptions", 1)
        wanted = {"data_types": ["LEVEL_1"], "update_frequency": "REALTIME", "delivery_method": "SSE"}
        path = "/api/v1/marketdata/subscriptions"
        assert rig.http.post(path, json=wanted | {"instrument_symbols": ["ABC"]}).status_code == 201
        answer = rig.http.post(path, json=wanted | {"instrument_symbols": ["ABC"], "data_types": ["SNAPSHOT"]})
        assert (answer.status_code, answer.json()["code"]) == (429, "QUOTA_EXCEEDED")
        shown = rig.http.get(f"{PATH}/marketdata.max_subscriptions").json()["description"]
        assert "Applies at once." in shown


class TestVersions:
    def test_a_change_needs_the_version_that_was_read(self, rig):
        read = rig.http.get(f"{PATH}/log.level")
        tag = read.headers["etag"]
        assert tag == f'"v{read.json()["row_version"]}"'
        assert rig.http.get(f"{PATH}/log.level", headers={"If-None-Match": tag}).status_code == 304
        missing = rig.http.put(f"{PATH}/log.level", json={"value": "ERROR"})
        assert (missing.status_code, missing.json()["code"]) == (428, "PRECONDITION_REQUIRED")
        first = change(rig, "log.level", "ERROR", tag)
        assert (first.status_code, first.headers["etag"] != tag) == (200, True)
        second = change(rig, "log.level", "DEBUG", tag)
        assert (second.status_code, second.json()["code"]) == (412, "PRECONDITION_FAILED")
        assert change(rig, "log.level", "DEBUG", first.headers["etag"]).status_code == 200

    def test_of_two_writers_that_read_one_version_one_wins(self, tmp_path):
        board = ConfigBoard(tmp_path / "config.toml", Settings(), {})
        version = board.entry("webhooks.timeout").row_version
        board.change("webhooks.timeout", 7, version)
        with pytest.raises(SettingChanged):
            board.change("webhooks.timeout", 8, version)
        assert board.entry("webhooks.timeout").value == 7


class TestChanging:
    def test_a_change_stands_in_the_file_with_its_comments_and_in_the_next_answer(self, rig):
        config_file(rig).write_text("# mine\n[log]\nlevel = 'INFO' # quiet\n")
        answer = change(rig, "marketdata.tick_retention", 7)
        assert (answer.status_code, answer.json()["value"]) == (200, 7.0)
        text = config_file(rig).read_text()
        assert text.startswith("# mine\n[log]\nlevel = 'INFO' # quiet\n")
        assert load_settings(config_file(rig), environment={}).marketdata.tick_retention == 7.0
        assert rig.http.get(f"{PATH}/marketdata.tick_retention").json()["value"] == 7.0
        reset = change(rig, "marketdata.tick_retention", None)
        assert reset.json()["value"] == 30.0

    def test_a_value_out_of_range_is_refused_by_name_and_the_file_stays(self, rig):
        answer = change(rig, "webhooks.max_retries", 11)
        assert answer.status_code == 422
        (field,) = answer.json()["details"]["fields"]
        assert (field["field"], "webhooks.max_retries" in field["message"]) == ("value", True)
        assert not config_file(rig).exists()

    def test_what_the_service_s_security_rests_on_cannot_be_changed(self, rig):
        for key in ("api.port", "api.allowed_origins", "webhooks.allowed_hosts"):
            answer = change(rig, key, 1)
            assert (answer.status_code, answer.json()["code"]) == (403, "PERMISSION_DENIED")

    def test_a_setting_of_the_environment_is_stronger_and_says_so(self, rig, monkeypatch):
        monkeypatch.setenv("WORKSTATION_LOG__LEVEL", "DEBUG")
        answer = change(rig, "log.level", "ERROR")
        assert (answer.status_code, answer.json()["code"]) == (409, "STATE_CONFLICT")
        assert "environment" in answer.json()["detail"]

    def test_the_audit_has_both_values_of_a_change(self, rig):
        change(rig, "log.level", "ERROR")
        (entry,) = rig.http.get("/api/v1/audit?action=CONFIG_CHANGE").json()["entries"]
        assert entry["old_values"] == {"value": "INFO"}
        assert entry["new_values"]["value"] == "ERROR"

    def test_reading_does_not_permit_changing(self, rig):
        made = rig.http.post("/api/v1/auth/api-keys", json={"name": "reader", "scopes": ["system:view"]}).json()
        with rig.client(Authorization=f"Bearer {made['key']}") as reader:
            assert reader.get(f"{PATH}/log.level").status_code == 200
            body, match = {"value": "ERROR"}, {"If-Match": "*"}
            assert reader.put(f"{PATH}/log.level", json=body, headers=match).status_code == 403
