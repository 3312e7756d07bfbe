"""How Mango Office signs: ``sha256(key + json + salt)``, the same for what it sends and for what it is asked."""

from __future__ import annotations

import hmac
import json
import typing as t
from collections.abc import Mapping
from hashlib import sha256
from urllib.parse import unquote, unquote_plus

Form = Mapping[str, str]


def sign(key: str, text: str, salt: str) -> str:
    """Return the signature of a JSON text, taken as it is written: another blank is another signature."""
    return sha256(f"{key}{text}{salt}".encode()).hexdigest()


def signed(key: str, salt: str, fields: Mapping[str, t.Any]) -> dict[str, str]:
    """Return the form that asks for something."""
    text = json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
    return {"vpbx_api_key": key, "sign": sign(key, text, salt), "json": text}


def opened(body: bytes, key: str, salt: str) -> str | None:
    """Return the JSON text of a signed form, None where key or signature are not ours.

    Some senders do not encode the ``+`` of a number, which a form turns into a blank: the signature tells which reading is right.
    """
    if not key or not salt:
        return None
    for form in (_form(body, unquote_plus), _form(body, unquote)):
        text = form.get("json", "")
        ours = _same(form.get("vpbx_api_key", ""), key)
        if _same(form.get("sign", "").lower(), sign(key, text, salt)) and ours:
            return text
    return None


def _form(body: bytes, read: t.Callable[[str], str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in body.decode("utf-8", "replace").strip().split("&"):
        name, _sep, value = pair.partition("=")
        found.setdefault(read(name), read(value))
    return found


def _same(given: str, right: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), right.encode())
