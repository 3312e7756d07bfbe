"""Headers that keep a page to itself."""

from __future__ import annotations

HTML = b"text/html; charset=utf-8"


def headers(nonce: str) -> list[tuple[bytes, bytes]]:
    """Return the headers of a page: nothing is loaded from elsewhere, nothing inline runs but the import map with its nonce.

    `frame-ancestors` keeps the page out of other sites' frames; ``style-src 'self'`` means that no template writes ``style=``.
    """
    policy = (
        f"default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
        "connect-src 'self'; media-src 'self' blob:; worker-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; "
        "object-src 'none'; frame-ancestors 'none'"
    )
    return [
        (b"content-security-policy", policy.encode()), (b"referrer-policy", b"same-origin"), (b"x-frame-options", b"DENY"),
        (b"cross-origin-opener-policy", b"same-origin"), (b"permissions-policy", b"camera=(), geolocation=(), microphone=(self)"),
        (b"cache-control", b"private, no-store"),  # what was on the screen is gone when somebody signs out and goes back
        (b"vary", b"HX-Request, HX-Target, Cookie, Accept-Language"),
    ]  # fmt: skip
