"""Words that a page should not have in the reader's language: English left over in Chinese pages and the reverse."""

import csv
import re
from collections.abc import Iterable
from typing import Any

from playwright.sync_api import Page

LATIN = re.compile(r"[A-Za-z][A-Za-z'’-]+")
HAN = re.compile(r"[\u3400-\u9fff]+")

NAMES = {
    *("CSV", "XLSX", "Parquet", "JSON", "API", "SM2", "SM3", "SM4", "ABY3", "CHEETAH", "RR22", "AUC", "KS", "WOE"),
    *("GB", "UTF", "MB", "KB", "MiB", "Ctrl", "English", "JavaScript", "Polish", "PostgreSQL", "Redis", "OpenSSL"),
    *("libgcrypt", "SecretFlow", "SPU", "CC", "BY", "python"),
}
"""Names and units that are the same in both languages."""

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
        for word in LATIN.findall(re.sub(r"\b[0-9A-Za-z]*\d[0-9A-Za-z]*\b", " ", text)):
            if word not in NAMES and not word.isupper():
                left.append(f"{word} in “{text[:90]}”")
    return left


def chinese_left(page: Page, names: Iterable[str]) -> list[str]:
    """Chinese in an English page that is no name and no title that somebody gave."""
    return [f"{found} in “{text[:90]}”" for text in _without(texts(page), names) for found in HAN.findall(text)]


def _without(found: list[str], names: Iterable[str]) -> list[str]:
    longest_first = sorted(names, key=len, reverse=True)
    kept = []
    for text in found:
        for name in longest_first:
            if name in text:
                text = text.replace(name, " ")  # noqa: PLW2901
        kept.append(text)
    return kept


def given_names(live: Any) -> list[str]:
    """Names of people, organisations and firms, and titles that people gave: they are in one language only."""
    kinds = ("name", "organisation_name", "username")
    names = {user[kind] for user in live.notes["users"] for kind in kinds}
    officer, regulator = live.officers["officer"], live.officers["regulator"]
    everybody = [live.officers[name] for name in ("officer", "steward", "merchant", "bank-steward")]
    names |= {one["title"] for who in (officer, regulator) for one in who.call("GET", "/jobs/")["results"]}
    for path in ("/datasets/", "/capsules/"):
        names |= {one["title"] for who in everybody for one in who.call("GET", path)["results"]}
    with (live.home / "demonstration" / "registry.csv").open(encoding="utf-8") as file:
        names |= {row["name"] for row in csv.DictReader(file)}
    return [name for name in names if name]
