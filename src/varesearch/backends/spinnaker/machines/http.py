"""Does a web service answer?"""

import urllib.error
import urllib.request
from collections.abc import Mapping
from http.client import HTTPException

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
    """Make one request; any answer but a refusal, a missing page or a server error is good.

    Raises BackendUnavailableError with one line: ``who``, what happened, and ``refused`` (401, 403) or ``advice``.
    """
    request = urllib.request.Request(url, headers=dict(headers or {}), method=method)
    try:
        with urllib.request.urlopen(request, timeout=timeout_s):
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
        said = f"no answer in {timeout_s:g} s" if isinstance(reason, TimeoutError) else _said(reason)
        raise BackendUnavailableError(f"{who}: {said}; {advice}") from None
    except (HTTPException, OSError) as error:
        raise BackendUnavailableError(f"{who}: {_said(error)}; {advice}") from None


def _said(reason: object) -> str:
    return str(getattr(reason, "strerror", None) or reason or type(reason).__name__)
