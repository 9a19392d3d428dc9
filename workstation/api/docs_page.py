"""The documentation page: read-only, made from the OpenAPI document here, with nothing loaded from anywhere."""

import html
from typing import Any

import msgspec

_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem;color:#1b1f24;background:#fff}
@media(prefers-color-scheme:dark){body{color:#d8dee6;background:#14171b}a{color:#7db3ff}
code,pre{background:#1f242b!important}}
code,pre{background:#eef1f4;border-radius:4px;padding:.1em .35em}pre{padding:.8em;overflow:auto}
summary{cursor:pointer;padding:.35rem 0}table{border-collapse:collapse}
td{padding:.15rem .8rem .15rem 0;vertical-align:top}
.m{display:inline-block;min-width:4.5em;font-weight:600}
"""
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""Content-Security-Policy of the page: no script, no frame, no request."""


def page(document: dict[str, Any]) -> bytes:
    """Return the page as HTML."""
    info = document["info"]
    operations = "".join(
        _operation(path, method, operation)
        for path, methods in sorted(document["paths"].items())
        for method, operation in methods.items()
    )
    models = "".join(_model(name, shape) for name, shape in sorted(document["components"]["schemas"].items()))
    text = (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{_text(info['title'])} REST</title>"
        f"<style>{_STYLE}</style><h1>{_text(info['title'])} REST interface</h1><p>Version {_text(info['version'])}. "
        "The machine-readable form is <a href=/api/openapi.json>/api/openapi.json</a>. Every call below needs "
        "<code>Authorization: Bearer &lt;token&gt;</code> with the token of the token file, unless it says public.</p>"
        f"<h2>Operations</h2>{operations}<h2>Bodies</h2>{models}</html>"
    )
    return text.encode()


def _operation(path: str, method: str, operation: dict[str, Any]) -> str:
    scope = operation.get("x-scope") or ("public" if operation.get("security") == [] else "any credential")
    rows = "".join(
        f"<tr><td><code>{_text(p['name'])}</code><td>{_text(p['in'])}<td>{_text(p['description'])}<td>{_json(p['schema'])}"
        for p in operation["parameters"]
    )
    body = operation.get("requestBody")
    takes = f"<p>Takes {_reference(body['content']['application/json']['schema'])}.</p>" if body else ""
    gives = "".join(
        f"<li>{_text(status)} {_reference(answer['content']['application/json']['schema'])}"
        for status, answer in operation["responses"].items()
        if "application/json" in answer.get("content", {})
    )
    return (
        f"<details><summary><span class=m>{_text(method.upper())}</span> <code>{_text(path)}</code> "
        f"{_text(operation['summary'])}</summary><p>{_text(operation['description'])}</p>"
        f"<p>Scope: <code>{_text(scope)}</code></p>"
        f"<table>{rows}</table>{takes}<ul>{gives}</ul></details>"
    )


def _model(name: str, shape: dict[str, Any]) -> str:
    formatted = msgspec.json.format(msgspec.json.encode(shape), indent=2).decode()
    label = _text(name)
    return f"<details id={label}><summary><code>{label}</code></summary><pre>{_text(formatted)}</pre></details>"


def _reference(schema: dict[str, Any]) -> str:
    named = schema.get("anyOf", [schema])[0]
    name = _text(named.get("$ref", "").rpartition("/")[2])
    return f"<a href=#{name}>{name}</a>"


def _json(value: Any) -> str:
    return f"<code>{_text(msgspec.json.encode(value).decode())}</code>"


def _text(value: object) -> str:
    return html.escape(str(value))
