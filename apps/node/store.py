"""The node's durable store: one SQLite file that console and runner share.

WAL and `synchronous=FULL`: what a transaction committed is there after a power cut. Every write begins IMMEDIATE, so
that nobody reads, decides and then finds someone else was first. Values of rows never stand here; secrets do only
sealed by the keystore.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

DATABASE: Final = "store.sqlite3"
VERSION: Final = 8

_SCHEMA: Final = """
CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE outbox (
  number INTEGER PRIMARY KEY, digest TEXT NOT NULL, text TEXT NOT NULL, kind TEXT NOT NULL,
  acknowledged INTEGER NOT NULL DEFAULT 0, at INTEGER NOT NULL);
CREATE INDEX outbox_waiting ON outbox (number) WHERE acknowledged = 0;
CREATE TABLE set_aside (seq INTEGER PRIMARY KEY AUTOINCREMENT, text TEXT NOT NULL);

CREATE TABLE document (
  digest TEXT PRIMARY KEY, kind TEXT NOT NULL, organisation TEXT NOT NULL, text TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('draft', 'signed', 'complete', 'declined')),
  person TEXT, reason TEXT, received_at INTEGER NOT NULL, changed_at INTEGER NOT NULL);
CREATE INDEX document_by_state ON document (organisation, state);

CREATE TABLE card (
  digest TEXT PRIMARY KEY, organisation TEXT NOT NULL, serial INTEGER NOT NULL, text TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('own', 'confirmed', 'shown', 'refused', 'replaced')),
  shown_at INTEGER NOT NULL, confirmed_at INTEGER, confirmed_by TEXT, renewed_at INTEGER);
CREATE UNIQUE INDEX card_trusted ON card (organisation) WHERE state IN ('own', 'confirmed');

CREATE TABLE contract (
  digest TEXT PRIMARY KEY, id TEXT NOT NULL, provider TEXT NOT NULL, consumer TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('signed', 'active', 'suspended', 'terminated')),
  changed_at INTEGER NOT NULL);
CREATE TABLE contract_act (
  digest TEXT PRIMARY KEY, contract TEXT NOT NULL, text TEXT NOT NULL, at INTEGER NOT NULL);

CREATE TABLE withdrawal (
  authorisation TEXT NOT NULL, text TEXT NOT NULL, at INTEGER NOT NULL,
  PRIMARY KEY (authorisation, text)) WITHOUT ROWID;

CREATE TABLE vote (digest TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE zone_rules (
  digest TEXT PRIMARY KEY, governor TEXT NOT NULL, version INTEGER NOT NULL, text TEXT NOT NULL,
  counts INTEGER NOT NULL DEFAULT 0, at INTEGER NOT NULL);
CREATE UNIQUE INDEX zone_rules_counted ON zone_rules (governor, version) WHERE counts;

CREATE TABLE authorisation (
  digest TEXT NOT NULL, enquirer TEXT NOT NULL, text TEXT NOT NULL, at INTEGER NOT NULL,
  PRIMARY KEY (digest, text)) WITHOUT ROWID;
CREATE INDEX authorisation_of ON authorisation (enquirer);

CREATE TABLE upload (
  id TEXT PRIMARY KEY, organisation TEXT NOT NULL, filename TEXT NOT NULL, size INTEGER NOT NULL,
  received INTEGER NOT NULL DEFAULT 0, domain TEXT NOT NULL, title TEXT NOT NULL, key BLOB NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('open', 'finished', 'cancelled', 'wiped')),
  dataset TEXT, person TEXT NOT NULL, created_at INTEGER NOT NULL);

CREATE TABLE dataset (
  id TEXT PRIMARY KEY, organisation TEXT NOT NULL, domain TEXT NOT NULL, title TEXT NOT NULL,
  upload TEXT NOT NULL, person TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'measuring', 'measured', 'refused')),
  progress INTEGER NOT NULL DEFAULT 0, refusal TEXT, facts TEXT NOT NULL DEFAULT '{}',
  measured TEXT, created_at INTEGER NOT NULL, measured_at INTEGER);

CREATE TABLE lineage (upload TEXT PRIMARY KEY, job TEXT NOT NULL, text TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE peer_policy (
  digest TEXT PRIMARY KEY, capsule TEXT NOT NULL, version INTEGER NOT NULL, text TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX peer_policy_of ON peer_policy (capsule, version);

CREATE TABLE body (
  id TEXT PRIMARY KEY, dataset TEXT NOT NULL, kind TEXT NOT NULL CHECK (kind IN ('rows', 'quarantine')),
  keys BLOB NOT NULL, column_groups TEXT NOT NULL, digest TEXT NOT NULL, chunk_size INTEGER NOT NULL);

CREATE TABLE capsule (
  id TEXT PRIMARY KEY, dataset TEXT NOT NULL, organisation TEXT NOT NULL, version INTEGER NOT NULL,
  header TEXT NOT NULL, policy TEXT NOT NULL, title TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'sealed' CHECK (state IN ('sealed', 'frozen', 'revoked', 'destroyed')),
  sealed_at INTEGER NOT NULL);
CREATE TABLE capsule_act (
  digest TEXT PRIMARY KEY, capsule TEXT NOT NULL, provider TEXT NOT NULL, act TEXT NOT NULL, text TEXT NOT NULL,
  at INTEGER NOT NULL);
CREATE INDEX capsule_act_of ON capsule_act (capsule, provider);
CREATE TABLE certificate (
  digest TEXT PRIMARY KEY, act TEXT NOT NULL, capsule TEXT NOT NULL, recipient TEXT NOT NULL, text TEXT NOT NULL,
  at INTEGER NOT NULL);
CREATE TABLE own_part (capsule TEXT PRIMARY KEY, version INTEGER NOT NULL, sealed BLOB NOT NULL) WITHOUT ROWID;

CREATE TABLE custodian (
  organisation TEXT PRIMARY KEY, chosen_by TEXT NOT NULL, chosen_at INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE sheet (
  id TEXT PRIMARY KEY, kind TEXT NOT NULL CHECK (kind IN ('officer', 'regulator')), organisation TEXT NOT NULL,
  name TEXT NOT NULL, public TEXT NOT NULL, made_by TEXT NOT NULL, made_at INTEGER NOT NULL,
  asked TEXT NOT NULL, proof TEXT NOT NULL, confirmed_at INTEGER) WITHOUT ROWID;
CREATE TABLE share_ask (
  job TEXT NOT NULL, fence INTEGER NOT NULL, holder TEXT NOT NULL, capsule TEXT NOT NULL, version INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('asked', 'released', 'withheld', 'wrong')),
  clause TEXT NOT NULL DEFAULT '', facts TEXT NOT NULL DEFAULT '{}', body TEXT NOT NULL DEFAULT '',
  expires_at INTEGER NOT NULL DEFAULT 0, asked_at INTEGER NOT NULL, answered_at INTEGER,
  PRIMARY KEY (job, fence, holder)) WITHOUT ROWID;

CREATE TABLE deposit (
  provider TEXT NOT NULL, capsule TEXT NOT NULL, version INTEGER NOT NULL, text TEXT NOT NULL,
  taken_at INTEGER NOT NULL,
  PRIMARY KEY (provider, capsule)) WITHOUT ROWID;
CREATE TABLE share_answer (
  provider TEXT NOT NULL, capsule TEXT NOT NULL, job TEXT NOT NULL, fence INTEGER NOT NULL, version INTEGER NOT NULL,
  clause TEXT NOT NULL, facts TEXT NOT NULL, at INTEGER NOT NULL,
  PRIMARY KEY (provider, capsule, job, fence)) WITHOUT ROWID;

CREATE TABLE use (
  capsule TEXT NOT NULL, job TEXT NOT NULL, rule TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('reserved', 'spent', 'released')), rows INTEGER NOT NULL DEFAULT 0,
  firms_lost INTEGER NOT NULL DEFAULT 0,
  changed_at INTEGER NOT NULL, PRIMARY KEY (capsule, job)) WITHOUT ROWID;
CREATE TABLE firm_use (
  capsule TEXT NOT NULL, rule TEXT NOT NULL, recipient TEXT NOT NULL, firm BLOB NOT NULL, job TEXT NOT NULL,
  PRIMARY KEY (capsule, rule, recipient, firm, job)) WITHOUT ROWID;
CREATE TABLE query (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, capsule TEXT NOT NULL, recipient TEXT NOT NULL, job TEXT NOT NULL,
  question TEXT NOT NULL, told INTEGER NOT NULL, firms BLOB NOT NULL, at INTEGER NOT NULL);
CREATE INDEX query_of ON query (capsule, recipient);

CREATE TABLE attempt (
  job TEXT NOT NULL, fence INTEGER NOT NULL, attempt INTEGER NOT NULL, order_id TEXT NOT NULL UNIQUE,
  capsule TEXT, slot INTEGER, text TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN
    ('asking', 'accepted', 'started', 'running', 'finished', 'failed', 'refused', 'busy', 'stopped')),
  stage TEXT NOT NULL DEFAULT 'check', reason TEXT, at INTEGER NOT NULL, changed_at INTEGER NOT NULL,
  PRIMARY KEY (job, fence)) WITHOUT ROWID;
CREATE INDEX attempt_live ON attempt (state) WHERE state IN ('asking', 'accepted', 'started', 'running');
CREATE VIEW live_attempt AS SELECT * FROM attempt WHERE state IN ('asking', 'accepted', 'started', 'running');

CREATE TABLE result (
  job TEXT PRIMARY KEY, organisation TEXT NOT NULL, request TEXT NOT NULL, model TEXT,
  attempt INTEGER NOT NULL DEFAULT 0, file TEXT, digest TEXT, rows INTEGER,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'sealed', 'deleted')),
  received_at INTEGER, opened_at INTEGER, taken INTEGER NOT NULL DEFAULT 0, delete_at INTEGER, deleted_at INTEGER);

CREATE TABLE sealed_part (
  job TEXT NOT NULL, attempt INTEGER NOT NULL, sender TEXT NOT NULL, recipient TEXT NOT NULL,
  content TEXT NOT NULL, part INTEGER NOT NULL, parts INTEGER NOT NULL, body TEXT NOT NULL,
  PRIMARY KEY (job, attempt, sender, content, part)) WITHOUT ROWID;

CREATE TABLE roster (
  person TEXT NOT NULL, organisation TEXT NOT NULL, person_name TEXT NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('owner', 'steward', 'officer', 'approver', 'auditor', 'viewer')),
  added_by TEXT NOT NULL, added_at INTEGER NOT NULL, PRIMARY KEY (person, organisation)) WITHOUT ROWID;
CREATE TABLE factor (
  person TEXT NOT NULL, organisation TEXT NOT NULL, secret BLOB NOT NULL, last_step INTEGER NOT NULL DEFAULT 0,
  failures INTEGER NOT NULL DEFAULT 0, locked_until INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (person, organisation)) WITHOUT ROWID;
CREATE TABLE enrolment_code (
  person TEXT NOT NULL, organisation TEXT NOT NULL, digest TEXT NOT NULL, issued_by TEXT NOT NULL,
  expires_at INTEGER NOT NULL, PRIMARY KEY (person, organisation)) WITHOUT ROWID;
CREATE TABLE passkey (
  credential TEXT PRIMARY KEY, person TEXT NOT NULL, organisation TEXT NOT NULL, name TEXT NOT NULL,
  public_key BLOB NOT NULL, counter INTEGER NOT NULL, added_at INTEGER NOT NULL, used_at INTEGER,
  confirmed_at INTEGER, confirmed_by TEXT, revoked_at INTEGER) WITHOUT ROWID;
CREATE TABLE challenge (
  person TEXT NOT NULL, organisation TEXT NOT NULL, subject TEXT NOT NULL, nonce TEXT NOT NULL,
  expires_at INTEGER NOT NULL, PRIMARY KEY (person, organisation, subject)) WITHOUT ROWID;
CREATE TABLE approval (
  document TEXT NOT NULL, person TEXT NOT NULL, organisation TEXT NOT NULL, person_name TEXT NOT NULL,
  role TEXT NOT NULL, evidence TEXT NOT NULL, at INTEGER NOT NULL,
  PRIMARY KEY (document, person)) WITHOUT ROWID;
CREATE TABLE used_ticket (id TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE job_log (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, what TEXT NOT NULL, facts TEXT NOT NULL);
"""


class StoreUnknown(ValueError):
    """The store's file is of another version; nothing in it was changed."""


class Transaction:
    """A write in progress: `run` changes, `one` and `all` read what it sees."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def run(self, sql: str, *values: Any) -> int:
        """Run one statement; the number of rows that it changed."""
        return self._connection.execute(sql, values).rowcount

    def one(self, sql: str, *values: Any) -> sqlite3.Row | None:
        """The first row, or None."""
        row: sqlite3.Row | None = self._connection.execute(sql, values).fetchone()
        return row

    def all(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        """All rows."""
        return self._connection.execute(sql, values).fetchall()

    @contextmanager
    def part(self) -> Iterator[None]:
        """A part of the transaction that is undone alone when the block raises."""
        self.run("SAVEPOINT part")
        try:
            yield
        except BaseException:
            self.run("ROLLBACK TO part")
            self.run("RELEASE part")
            raise
        self.run("RELEASE part")

    def setting(self, name: str) -> str | None:
        """A kept setting."""
        row = self.one("SELECT value FROM setting WHERE name = ?", name)
        return None if row is None else str(row["value"])

    def deleted_secrets(self) -> None:
        """Note that bytes were deleted of which no copy is to stay: `Store.forget_noted` sees to it."""
        self.keep("deleted-secrets", "1")

    def forget(self, name: str) -> None:
        """Drop a kept setting."""
        self.run("DELETE FROM setting WHERE name = ?", name)

    def keep(self, name: str, value: str) -> None:
        """Keep a setting."""
        self.run(
            "INSERT INTO setting (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            name,
            value,
        )


class Store:
    """The store of one node; safe to use from several threads and processes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._local = threading.local()
        self._prepare()

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """One transaction: all of it is durable when the block ends, none of it when the block raises."""
        connection = self._connection()
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield Transaction(connection)
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")

    def one(self, sql: str, *values: Any) -> sqlite3.Row | None:
        """Read the first row."""
        return Transaction(self._connection()).one(sql, *values)

    def all(self, sql: str, *values: Any) -> Sequence[sqlite3.Row]:
        """Read all rows."""
        return Transaction(self._connection()).all(sql, *values)

    def setting(self, name: str) -> str | None:
        """A kept setting, or None."""
        return Transaction(self._connection()).setting(name)

    def number(self, name: str) -> int:
        """A kept number; 0 where there is none."""
        return int(self.setting(name) or 0)

    def forget_deleted(self) -> bool:
        """Fold the write-ahead log into the file and empty it, so that no copy of deleted bytes stays in either.

        Whether it was done: somebody who reads meanwhile keeps the log as it is, and it is to be asked for again."""
        return not self._connection().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]

    def forget_noted(self) -> None:
        """Forget deleted bytes where a transaction noted some; where somebody reads, the next call tries again."""
        if self.setting("deleted-secrets") is not None and self.forget_deleted():
            with self.write() as tx:
                tx.forget("deleted-secrets")

    def close(self) -> None:
        """Close this thread's connection."""
        connection = getattr(self._local, "connection", None)
        if connection is not None:
            connection.close()
            del self._local.connection

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = sqlite3.connect(self._path, timeout=20, isolation_level=None)
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA temp_store = MEMORY")
            connection.execute("PRAGMA secure_delete = ON")
            self._local.connection = connection
        return connection

    def _prepare(self) -> None:
        if not self._path.exists():
            self._path.touch(mode=0o600)
        self._path.chmod(0o600)
        connection = self._connection()
        connection.execute("BEGIN IMMEDIATE")
        try:
            found = connection.execute("PRAGMA user_version").fetchone()[0]
            if found not in (0, VERSION):
                raise StoreUnknown(
                    f"{self._path} was written by another version of the program (store {found}, here {VERSION}):"
                    " set the node up anew, or run the version that wrote it."
                )
            for statement in filter(str.strip, _SCHEMA.split(";\n") if found == 0 else ()):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {VERSION}")
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")
