"""Hostile Unicode at the border: ids hold none of it, notes, metadata and tags are in normal form C or refused."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.api_rig import ApiRig, served

ORDERS = "/api/v1/oms/orders"
HOSTILE = (
    "e\u0301", "\u212b", "\ufb01", "a\u202eb", "\u200b", "\ufeff", "\U0001f4a3", "\u0627\u0644", "a\u0327\u0301",
    "\x1b[31m", "line\nline", "\t", "\x7f", "\u2028", "O\u0308",
)  # fmt: skip


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[ApiRig]:
    with served(tmp_path) as made:
        yield made


@pytest.mark.parametrize("text", HOSTILE)
def test_no_order_is_called_by_it_and_what_is_noted_is_one_text_for_what_looks_the_same(rig: ApiRig, text: str) -> None:
    refused = rig.http.post(ORDERS, json=rig.order(client_order_id=text))
    assert refused.status_code == 422, refused.text
    order = rig.place(notes=text, metadata={text: [text]})
    normal = unicodedata.normalize("NFC", text)
    assert (order["notes"], order["metadata"]) == (normal, {normal: [normal]})
    assert rig.http.get(f"{ORDERS}/{order['id']}").json()["notes"] == normal
