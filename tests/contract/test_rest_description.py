"""The service held to its own description: generated calls, a fixed seed, every answer as declared."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import CHECKS

from tests.helpers.api_rig import served

EXAMPLES = 8
EXCLUDED = {
    "positive_data_acceptance",  # whether an order fits its instrument is not in a schema
    "ignored_auth",  # calls of its own without the token, which tests/contract/test_rest_security.py makes
    "missing_required_header",  # the answer to a missing If-Match is 428, not 4xx of its list
    "unsupported_method",  # tested with the exact Allow beside
}


def test_generated_calls_are_answered_as_described(tmp_path: Path) -> None:
    with served(tmp_path) as rig:
        with rig.client() as client:
            described = client.get("/api/openapi.json").json()
        del described["security"], described["components"]["securitySchemes"]  # one credential, not both at once
        schema = schemathesis.openapi.from_dict(described)
        checks = [check for check in CHECKS.get_all() if check.__name__ not in EXCLUDED]
        rig.place()
        headers = {"Authorization": f"Bearer {rig.token}"}
        for result in schema.get_all_operations():
            operation = result.ok()
            if operation.path.endswith("/events/stream"):
                continue  # its answer has no end

            @settings(
                max_examples=EXAMPLES,
                derandomize=True,
                database=None,
                deadline=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            @given(case=operation.as_strategy())
            def holds(case: Any) -> None:
                case.call_and_validate(base_url=rig.url, headers=headers, checks=checks)

            holds()


def test_every_operation_declares_what_any_call_may_meet(tmp_path: Path) -> None:
    with served(tmp_path) as rig, rig.client() as client:
        described = client.get("/api/openapi.json").json()
    names = []
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            names.append(operation["operationId"])
            assert {"400", "401", "403", "405", "413", "415", "421", "422", "429", "500", "503"} <= set(
                operation["responses"]
            ), (path, method)
    assert len(names) == len(set(names))
    created = described["paths"]["/api/v1/oms/orders"]["post"]["responses"]["201"]
    assert set(created["links"]) == {"get", "cancel"}
