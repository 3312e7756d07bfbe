"""Django with Django REST framework under ASGI: serializers, an authentication class, psycopg's pool."""

from __future__ import annotations

from typing import Any

from bench import plain
from bench.http import POOL, ids_of, move_request, page_request, place_of_server
from bench.peers.django_settings import configure

LABEL = "Django + DRF"
SCHEMA = "plain"
build = plain.build
move = move_request
page = page_request
ids = ids_of


def create_app() -> Any:
    """The ASGI application; the views are made after Django is configured."""
    rest = {
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
        "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
        "UNAUTHENTICATED_USER": None,
    }
    configure(
        place_of_server(),
        {"pool": {"min_size": POOL, "max_size": POOL}},
        INSTALLED_APPS=["rest_framework"],
        REST_FRAMEWORK=rest,
        ROOT_URLCONF="bench.http.django_views",
        MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
        ALLOWED_HOSTS=["*"],
        SECRET_KEY="not a secret: this server is measured on the loopback and thrown away",
    )
    from django.core.asgi import get_asgi_application

    return get_asgi_application()
