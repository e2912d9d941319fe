"""What a proxy in front answers instead of Keycloak. Keycloak itself is not asked."""

from collections.abc import Callable, Mapping
from urllib.parse import quote

from aiohttp import web

# As ingress-nginx answers for a service without ready endpoints.
_UNAVAILABLE = (
    "<html>\r\n<head><title>503 Service Temporarily Unavailable</title></head>\r\n<body>\r\n"
    "<center><h1>503 Service Temporarily Unavailable</h1></center>\r\n<hr><center>nginx</center>\r\n"
    "</body>\r\n</html>\r\n"
)
_PAGE = "<!doctype html>\n<html><head><title>VolatiCloud</title></head><body><div id='root'></div></body></html>\n"
LOGIN_PATH = "/oauth2/start"


def _unavailable(_request: web.BaseRequest) -> web.Response:
    return web.Response(status=503, text=_UNAVAILABLE, content_type="text/html")


def _page(_request: web.BaseRequest) -> web.Response:
    return web.Response(text=_PAGE, content_type="text/html")


def _login(request: web.BaseRequest) -> web.Response:
    if request.path == LOGIN_PATH:
        return _page(request)
    back = quote(request.path_qs, safe="")
    return web.Response(status=302, headers={"Location": f"{LOGIN_PATH}?rd={back}"})


ANSWERS: Mapping[str, Callable[[web.BaseRequest], web.Response]] = {
    "unavailable": _unavailable,
    "page": _page,
    "login": _login,
}
