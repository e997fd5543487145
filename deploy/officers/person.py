"""One of the demonstration's officers: signs in at the portal, enters the own node, uploads, signs. By HTTP alone."""

import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deploy.officers.browser import Browser, Page, Unexpected, origin_of
from deploy.officers.passkey import SoftwarePasskey
from deploy.officers.totp import fresh_code

PIECE = 8 * 1024 * 1024
PASSKEY_NAME = "演示密钥"


@dataclass(eq=False)
class Officer:
    """A person with the factors that were drawn at the first start. `node` is the own node's address; `checker` is the
    colleague who checks the policies that this person proposes."""

    portal: str
    node: str
    id: str
    username: str
    password: str
    totp: str
    token: str
    node_totp: str = ""
    passphrase: str = ""
    passkey: SoftwarePasskey | None = None
    checker: "Officer | None" = None
    browser: Browser = field(default_factory=Browser)

    # portal -------------------------------------------------------------------------------------------------------

    def sign_in(self) -> None:
        """Password and one-time code at the portal; nothing to do where the session lives."""
        page = self.browser.get(f"{self.portal}/")
        if "/accounts/" not in page.url:
            return
        page = self.browser.get(f"{self.portal}/accounts/login/")
        page = self.browser.post(page.url, {"login": self.username, "password": self.password}, page=page)
        if 'name="code"' not in page.text:
            raise Unexpected(f"the portal did not ask {self.username} for a second factor (at {page.url})")
        for _ in range(2):  # a code that another program used in this half minute is refused once
            if "/accounts/" in page.url:
                page = self.browser.post(page.url, {"code": fresh_code(self.totp)}, page=page)
        if "/accounts/" in page.url:
            raise Unexpected(f"the portal did not take {self.username} in (at {page.url})")

    def call(self, method: str, path: str, body: object = None) -> Any:
        """The portal's API under the person's token; raises Unexpected with the problem's own words."""
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/json",
            "Accept": "application/json",
        }
        data = None if body is None else json.dumps(body).encode()
        page = self.browser.request(method, f"{self.portal}/api/v1{path}", data, headers)
        if page.status >= 400:
            raise Unexpected(f"{method} /api/v1{path} answered {page.status}: {page.text[:400]}")
        return page.json() if page.text else None

    # node ---------------------------------------------------------------------------------------------------------

    def enter_node(self, path: str = "/") -> Page:
        """Go to a page of the own node: ticket, nonce and the node's factor as they are asked for."""
        self.sign_in()
        page = self.browser.get(f"{self.node}{path}?person={self.id}")
        if "/handover/" in page.url:
            values = {"ticket": page.field("ticket")}
            page = self.browser.post(page.form_action("/arrive/"), values, origin=origin_of(self.portal))
        for _ in range(2):
            if "/factor/" in page.url:
                page = self.browser.post(page.url, {"code": fresh_code(self.node_totp)}, page=page)
        if page.status >= 400:
            raise Unexpected(f"{page.url} answered {page.status}")
        return page

    def upload(self, file: Path, *, domain: str, title: str) -> str:
        """Upload a file in pieces to the own node and wait until it was checked; the data set's id."""
        page = self.enter_node("/datasets/upload/")
        token = {"X-CSRFToken": page.field("csrfmiddlewaretoken"), "Origin": self.node}
        facts = {"filename": file.name, "size": file.stat().st_size, "domain": domain, "title": title}
        made = self._expect(201, "POST", "/uploads/", json.dumps(facts).encode(), token)
        address, offset = str(made["url"]), 0
        with file.open("rb") as source:
            while piece := source.read(PIECE):
                headers = {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
                self._expect(204, "PATCH", address, piece, token | headers)
                offset += len(piece)
        dataset = str(self._expect(202, "POST", f"{address}finish/", b"", token)["dataset"])
        return self.wait_for_dataset(dataset)

    def wait_for_dataset(self, dataset: str) -> str:
        """Until the node has measured it; raises Unexpected where the node refuses the file."""
        state = until(
            lambda: self._expect(200, "GET", f"/api/v1/datasets/{dataset}/"),
            lambda answer: answer["state"] in {"measured", "refused"},
            what=f"data set {dataset}",
            seconds=1800,
        )
        if state["state"] == "refused":
            raise Unexpected(f"the node refused the file: {state.get('refusal')}")
        return dataset

    def enrol_passkey(self, draw_code: Callable[[], str], confirm: Callable[[str], object]) -> None:
        """Enrol this person's passkey with a code, and have its fingerprint confirmed."""
        page, passkey = self.enter_node("/passkeys/"), self._own_passkey()
        values = {"code": draw_code(), "name": PASSKEY_NAME}
        options = self._ask(f"{self.node}/ceremony/enrol/", values, page)
        answer = passkey.create(options, origin=self.node)
        page = self.browser.post(page.url, {**values, "answer": answer}, page=page)
        if page.status >= 400:
            raise Unexpected(f"{self.username} could not enrol a passkey: {page.status}")
        shown = re.search(r"data-fingerprint>([0-9A-F ]{39})<", page.text)
        if shown is None:
            raise Unexpected(f"{page.url} shows no fingerprint")
        confirm(shown[1])

    def sign(self, digest: str) -> None:
        """Sign a draft at the own node once it has arrived there; a policy is approved, and by the checker too."""
        path = f"/sign/{digest.removeprefix('sm3:')}/"
        page = self._when_there(path)
        if '/approve/" data-passkey' in page.text:
            self._approve(path, page)
            if self.checker is not None:
                self.checker.sign(digest)
            return
        self._send(page, {"sign": "1", "document": page.fields("document")})

    def act_on_capsule(self, capsule: str, act: str, *, reason: str, title: str = "") -> None:
        """Freeze, resume, revoke or destroy a capsule at the own node."""
        self.bind(f"/capsules/{capsule}/{act}/", {"reason": reason, "name": title})

    def bind(self, path: str, values: dict[str, object]) -> Page:
        """Fill in a page whose act binds and have the passkey answer for it; the page behind it."""
        return self._send(self.enter_node(path), values)

    def _send(self, page: Page, values: dict[str, object]) -> Page:
        """Send a page's form; where the act binds, the passkey answers for exactly what is sent."""
        if 'name="passphrase"' in page.text:
            values = {**values, "passphrase": self.passphrase}
        if "data-passkey" in page.text:
            options = self._ask(page.url, values, page)
            values = {**values, "answer": self._own_passkey().get(options, origin=self.node)}
        done = self.browser.post(page.url, values, page=page)
        if done.status >= 400:
            raise Unexpected(f"{page.url} answered {done.status}")
        return done

    def _when_there(self, path: str) -> Page:
        """The page of a draft, once it has arrived and can be signed or approved."""
        self.enter_node(path)
        page: Page = until(
            lambda: self.browser.get(f"{self.node}{path}"),
            lambda seen: 'name="sign"' in seen.text or "data-passkey" in seen.text,
            what=f"draft {path}",
        )
        return page

    def _approve(self, path: str, page: Page) -> None:
        """Have the passkey answer for exactly this policy, and send its answer."""
        options = self._ask(f"{self.node}/ceremony/approve{path.removeprefix('/sign')}", {}, page)
        values: dict[str, object] = {"answer": self._own_passkey().get(options, origin=self.node)}
        if 'name="passphrase"' in page.text:
            values["passphrase"] = self.passphrase
        page = self.browser.post(f"{self.node}{path}approve/", values, page=page)
        if page.status >= 400:
            raise Unexpected(f"approving {path} answered {page.status}")

    def _ask(self, url: str, values: Mapping[str, object], page: Page) -> dict[str, Any]:
        """What the node asks an authenticator."""
        answer = self.browser.post(url, values, page=page, headers={"X-Passkey": "ask"})
        if answer.status != 200:
            raise Unexpected(f"{url} answered {answer.status}: {answer.text[:300]}")
        found: dict[str, Any] = json.loads(answer.text)
        return found

    def _own_passkey(self) -> SoftwarePasskey:
        if self.passkey is None:
            raise Unexpected(f"{self.username} has no passkey")
        return self.passkey

    def _expect(
        self, status: int, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> Any:
        page = self.browser.request(method, f"{self.node}{path}", body, headers)
        if page.status != status:
            raise Unexpected(f"{method} {path} at the node answered {page.status}: {page.text[:300]}")
        return page.json() if page.text else None


def until(read: Callable[[], Any], holds: Callable[[Any], bool], *, what: str, seconds: float = 60) -> Any:
    """Read again until it holds; raises Unexpected after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        seen = read()
        if holds(seen):
            return seen
        if time.monotonic() > deadline:
            raise Unexpected(f"{what} did not come within {seconds:.0f} s")
        time.sleep(0.3)
