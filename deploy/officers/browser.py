"""A person's browser as a script drives it: cookies by host name, forms with their tokens, redirects followed.

Programs connect to the loopback address and send the Host header, since not every system resolves `*.localhost`.
"""

import http.client
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import unescape
from urllib.parse import urlencode, urljoin, urlsplit

LOOPBACK = "127.0.0.1"
REDIRECTS = {301, 302, 303, 307, 308}


class Unexpected(Exception):
    """A page answered otherwise than the script expects; the message names it."""


@dataclass(frozen=True)
class Page:
    """An answer: where it came from in the end, its status and its text."""

    url: str
    status: int
    text: str
    headers: Mapping[str, str]

    def field(self, name: str) -> str:
        """The value of a named hidden field."""
        for tag in re.findall(r"<input[^>]*>", self.text):
            if f'name="{name}"' in tag:
                found = re.search(r'value="([^"]*)"', tag)
                return unescape(found.group(1)) if found else ""
        raise Unexpected(f"{self.url} has no field {name} (status {self.status})")

    def fields(self, name: str) -> list[str]:
        """The values of all hidden fields of that name."""
        tags = [tag for tag in re.findall(r"<input[^>]*>", self.text) if f'name="{name}"' in tag]
        return [unescape(found.group(1)) for tag in tags if (found := re.search(r'value="([^"]*)"', tag))]

    def form_action(self, containing: str = "") -> str:
        """Where the first form (whose action contains the words) posts to."""
        for action in re.findall(r'<form[^>]*action="([^"]*)"', self.text):
            if containing in action:
                return urljoin(self.url, unescape(action))
        return self.url

    def json(self) -> object:
        """The answer as JSON."""
        return json.loads(self.text)


@dataclass
class Browser:
    """Cookies and language of one person at all hosts."""

    language: str = "zh-hans"
    cookies: dict[str, dict[str, str]] = field(default_factory=dict)

    def get(self, url: str) -> Page:
        """Follow links and redirects to a page."""
        return self.request("GET", url)

    def post(
        self,
        url: str,
        values: Mapping[str, object],
        *,
        page: Page | None = None,
        origin: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> Page:
        """Send a form as a browser would: the page's token and the page's own origin."""
        body = dict(values)
        if page is not None and "csrfmiddlewaretoken" in page.text:
            body.setdefault("csrfmiddlewaretoken", page.field("csrfmiddlewaretoken"))
        sent = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Origin": origin or origin_of(page.url if page else url),
            "Referer": page.url if page else url,
            **(headers or {}),
        }
        return self.request("POST", url, urlencode(body, doseq=True).encode(), sent)

    def request(
        self, method: str, url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Page:
        """One request and the redirects behind it; raises Unexpected at a server error."""
        sent = dict(headers or {})
        for _ in range(12):
            page = self._once(method, url, body, sent)
            if page.status not in REDIRECTS:
                if page.status >= 500:
                    raise Unexpected(f"{method} {url} answered {page.status}")
                return page
            url = urljoin(url, page.headers["location"])
            if page.status in {301, 302, 303}:
                method, body, sent = "GET", None, {}
        raise Unexpected(f"{url} redirects without end")

    def _once(self, method: str, url: str, body: bytes | None, headers: Mapping[str, str]) -> Page:
        parts = urlsplit(url)
        jar = self.cookies.setdefault(parts.hostname or "", {})
        connection = http.client.HTTPConnection(LOOPBACK, parts.port or 80, timeout=120)
        sent = {"Host": parts.netloc, "Accept-Language": self.language, "Accept": "text/html,*/*", **headers}
        if jar:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in jar.items())
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        try:
            connection.request(method, path or "/", body=body, headers=sent)
            answer = connection.getresponse()
            text = answer.read().decode("utf-8", "replace")
        finally:
            connection.close()
        for line in answer.headers.get_all("Set-Cookie") or []:
            name, _, rest = line.partition("=")
            value, _, attributes = rest.partition(";")
            if "max-age=0" in attributes.lower() or not value.strip('"'):
                jar.pop(name, None)
            else:
                jar[name] = value
        return Page(url, answer.status, text, {key.lower(): value for key, value in answer.headers.items()})


def origin_of(url: str) -> str:
    """Scheme, host and port."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
