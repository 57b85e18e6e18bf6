"""Whether a web service answers."""

import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from http.client import HTTPException, HTTPMessage
from typing import IO

from varesearch.backends.base import BackendUnavailableError

_REFUSED = frozenset({401, 403})


def require_answer(
    url: str,
    timeout_s: float,
    who: str,
    advice: str,
    refused: str,
    headers: Mapping[str, str] | None = None,
    method: str = "GET",
) -> None:
    """Make one request. Any answer is accepted, except a refusal, a missing page and a server error.

    Raises BackendUnavailableError with one line: ``who``, what happened, and ``refused`` (HTTP 401, 403) or ``advice``.
    """
    request = urllib.request.Request(url, headers=dict(headers or {}), method=method)
    try:
        with urllib.request.build_opener(_OwnOrigin()).open(request, timeout=timeout_s):
            return
    except urllib.error.HTTPError as error:
        with error:
            if error.code in _REFUSED:
                raise BackendUnavailableError(f"{who}: HTTP {error.code}, {refused}") from None
            if error.code == 404 or error.code >= 500:
                raise BackendUnavailableError(f"{who}: HTTP {error.code}; {advice}") from None
    except TimeoutError:
        raise BackendUnavailableError(f"{who}: no answer in {timeout_s:g} s; {advice}") from None
    except urllib.error.URLError as error:
        reason = error.reason
        text = f"no answer in {timeout_s:g} s" if isinstance(reason, TimeoutError) else _text(reason)
        raise BackendUnavailableError(f"{who}: {text}; {advice}") from None
    except (HTTPException, OSError) as error:
        raise BackendUnavailableError(f"{who}: {_text(error)}; {advice}") from None


class _OwnOrigin(urllib.request.HTTPRedirectHandler):
    """Follows a redirection to another server without the headers, which may contain a token for the first server."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> urllib.request.Request | None:
        followed = super().redirect_request(req, fp, code, msg, headers, newurl)
        if followed is not None and _origin(newurl) != _origin(req.full_url):
            followed.headers.clear()
        return followed


def _origin(url: str) -> tuple[str, str]:
    parts = urllib.parse.urlsplit(url)
    return parts.scheme, parts.netloc


def _text(reason: object) -> str:
    return str(getattr(reason, "strerror", None) or reason or type(reason).__name__)
