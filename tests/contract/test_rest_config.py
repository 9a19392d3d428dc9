"""Settings over REST: what is shown, what may be changed, and what a change leaves in the settings file."""

from __future__ import annotations

import pytest

from tests.helpers.api_rig import ApiRig, served
from workstation.config.settings import load_settings

PATH = "/api/v1/system/config"


@pytest.fixture
def rig(tmp_path):
    with served(tmp_path) as rig:
        yield rig


def config_file(rig: ApiRig):
    return rig.token_file.with_name("config.toml")


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


class TestChanging:
    def test_a_change_stands_in_the_file_with_its_comments_and_in_the_next_answer(self, rig):
        config_file(rig).write_text("# mine\n[log]\nlevel = 'INFO' # quiet\n")
        answer = rig.http.put(f"{PATH}/marketdata.tick_retention", json={"value": 7})
        assert (answer.status_code, answer.json()["value"]) == (200, 7.0)
        text = config_file(rig).read_text()
        assert text.startswith("# mine\n[log]\nlevel = 'INFO' # quiet\n")
        assert load_settings(config_file(rig), environment={}).marketdata.tick_retention == 7.0
        assert rig.http.get(f"{PATH}/marketdata.tick_retention").json()["value"] == 7.0
        reset = rig.http.put(f"{PATH}/marketdata.tick_retention", json={"value": None})
        assert reset.json()["value"] == 30.0

    def test_a_value_out_of_range_is_refused_by_name_and_the_file_stays(self, rig):
        answer = rig.http.put(f"{PATH}/webhooks.max_retries", json={"value": 11})
        assert answer.status_code == 422
        (field,) = answer.json()["details"]["fields"]
        assert (field["field"], "webhooks.max_retries" in field["message"]) == ("value", True)
        assert not config_file(rig).exists()

    def test_what_the_service_s_security_rests_on_cannot_be_changed(self, rig):
        for key in ("api.port", "api.allowed_origins", "webhooks.allowed_hosts"):
            answer = rig.http.put(f"{PATH}/{key}", json={"value": 1})
            assert (answer.status_code, answer.json()["code"]) == (403, "PERMISSION_DENIED")

    def test_a_setting_of_the_environment_is_stronger_and_says_so(self, rig, monkeypatch):
        monkeypatch.setenv("WORKSTATION_LOG__LEVEL", "DEBUG")
        answer = rig.http.put(f"{PATH}/log.level", json={"value": "ERROR"})
        assert (answer.status_code, answer.json()["code"]) == (409, "STATE_CONFLICT")
        assert "environment" in answer.json()["detail"]

    def test_the_audit_has_both_values_of_a_change(self, rig):
        rig.http.put(f"{PATH}/log.level", json={"value": "ERROR"})
        (entry,) = rig.http.get("/api/v1/audit?action=CONFIG_CHANGE").json()["entries"]
        assert entry["old_values"] == {"value": "INFO"}
        assert entry["new_values"]["value"] == "ERROR"

    def test_reading_does_not_permit_changing(self, rig):
        made = rig.http.post("/api/v1/auth/api-keys", json={"name": "reader", "scopes": ["system:view"]}).json()
        with rig.client(Authorization=f"Bearer {made['key']}") as reader:
            assert reader.get(f"{PATH}/log.level").status_code == 200
            assert reader.put(f"{PATH}/log.level", json={"value": "ERROR"}).status_code == 403
