"""Words that a page should not have in the reader's language: English left over in Chinese pages and the reverse."""

import csv
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from creditzone.kernel.refusals import CLAUSES
from deploy.manifest import OPERATOR, ORGANISATIONS
from deploy.officers.person import PASSKEY_NAME

LATIN = re.compile(r"[A-Za-z][A-Za-z'’-]+")
NO_WORD = re.compile(
    r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|https?://\S+|\b[a-z0-9]+:[0-9a-f]{2,64}(?:…[0-9a-f]+)?"
    r"|\b[a-z-]+\.[a-z.-]+\b|[0-9a-z-]*…[0-9a-z]*|\w*\d\w*"
)
"""Ids, addresses, digests, names of acts and codes: the same in every language."""
HAN = re.compile(r"[\u3400-\u9fff]+")

NAMES = {
    *("CSV", "XLSX", "Parquet", "JSON", "API", "SM2", "SM3", "SM4", "ABY3", "CHEETAH", "RR22", "AUC", "KS", "WOE"),
    *("GB", "UTF", "MB", "KB", "MiB", "Ctrl", "English", "JavaScript", "Polish", "PostgreSQL", "Redis", "OpenSSL"),
    *("libgcrypt", "SecretFlow", "SPU", "CC", "BY", "python", "ms", "Gini", "czpack"),
}
"""Names and units that are the same in both languages."""

OFFICIAL = Path(__file__).resolve().parents[3] / "apps" / "registry" / "data"

TEXTS = """() => {
  const skipped = 'script, style, noscript, template, code, pre, .mono, .digest, [data-chart], input, textarea, '
    + '[lang]:not(html)';
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const text = node.textContent.trim();
    if (text && !node.parentElement.closest(skipped)) found.push(text);
  }
  document.querySelectorAll('[aria-label], [placeholder], [title]').forEach((one) => {
    if (one.closest('[lang]:not(html)')) return;
    for (const name of ['aria-label', 'placeholder', 'title']) {
      if (one.hasAttribute(name)) found.push(one.getAttribute(name));
    }
  });
  found.push(document.title);
  return found;
}"""
"""Visible text and labels, without digests, documents as they are, and words marked as of the other language."""


def texts(page: Page) -> list[str]:
    """The words of a page's shell, labels and sentences."""
    return list(page.evaluate(TEXTS))


def english_left(page: Page, names: Iterable[str]) -> list[str]:
    """English words in a Chinese page: two letters and more that are no name, code or unit."""
    left = []
    for text in _without(texts(page), names):
        if text.strip() in CLAUSES:  # a clause stands as it is beside its sentence
            continue
        for word in LATIN.findall(NO_WORD.sub(" ", text)):
            if word not in NAMES and not word.isupper():
                left.append(f"{word} in “{text[:90]}”")
    return left


def chinese_left(page: Page, names: Iterable[str]) -> list[str]:
    """Chinese in an English page that is no name and no title that somebody gave."""
    return [f"{found} in “{text[:90]}”" for text in _without(texts(page), names) for found in HAN.findall(text)]


def _without(found: list[str], names: Iterable[str]) -> list[str]:
    page = "\n".join(found)
    for name in sorted({name for name in names if name in page}, key=len, reverse=True):
        page = page.replace(name, " ")
    return page.split("\n")


CITED = ("Polish companies bankruptcy, UCI Machine Learning Repository 365, fifth year",)
"""A source is cited as it calls itself."""


BROWSERS_PASSKEY = "浏览器密钥"
"""What these tests call the passkeys that they enrol in a browser."""

WHY = "名单有误，改后重提"
"""The reason that these tests give when they cancel a job."""


def given_names(live: Any) -> list[str]:
    """Names of people, organisations and firms, official names of regions and industries, titles that people gave."""
    kinds = ("name", "organisation_name", "username")
    names = {user[kind] for user in live.notes["users"] for kind in kinds} | set(CITED) | {WHY}
    names |= {PASSKEY_NAME, BROWSERS_PASSKEY}
    names |= {one["name_en"] for one in (*ORGANISATIONS, OPERATOR)}
    officer, regulator = live.officers["officer"], live.officers["regulator"]
    everybody = [live.officers[name] for name in ("officer", "steward", "merchant", "bank-steward")]
    names |= {one["title"] for who in (officer, regulator) for one in who.call("GET", "/jobs/")["results"]}
    for path in ("/datasets/", "/capsules/"):
        names |= {one["title"] for who in everybody for one in who.call("GET", path)["results"]}
    names |= {reason for (reason,) in live.sql("select reason from capsules_capsuleact")}
    for file in (live.home / "demonstration" / "registry.csv", *OFFICIAL.glob("*.csv")):
        with file.open(encoding="utf-8") as rows:
            names |= {row["name"] for row in csv.DictReader(rows)}
    return [name for name in names if name]
