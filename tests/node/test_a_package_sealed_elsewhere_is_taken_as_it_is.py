"""A file that was sealed on the provider's own premises comes to its node as ciphertext, is taken as it is by that node
alone, once, and tells what an upload of the same file would have told."""

from __future__ import annotations

import threading

import msgspec
import pytest

from apps.node import datasets, uploads
from apps.node.errors import NodeError
from creditzone.kernel.capsule.package import bodies_in, head_of, read_head, with_keys
from creditzone.kernel.documents import digest_of
from creditzone.kernel.domain import domain
from creditzone.kernel.sm.sm2 import PrivateKey
from tests.node import sealer, world
from tests.node.jobs import rows_of
from tests.node.world import BANK, CENTRE, HOST, Zone

DOMAIN = "turnover"
HEADER = list(domain(DOMAIN).names)


def table(number: int = 40) -> bytes:
    """Sound rows, a repeated code and a cell that is no number."""
    header, *rows = rows_of(DOMAIN, number)
    bad = [*rows[0][:2], "x1", *rows[0][3:]]
    return world.csv_bytes([header, *rows, rows[3], bad])


@pytest.fixture
def centre(zone: Zone):
    return zone.node(CENTRE, "code_centre")


@pytest.fixture
def steward(centre):
    return world.person(centre, "steward")


@pytest.fixture
def sealed(centre, tmp_path):
    return sealer.package(centre, tmp_path, table(), domain=DOMAIN).read_bytes()


def changed(sealed: bytes, **changes) -> bytes:
    """The package with fields of its document changed and nothing else."""
    package, at = read_head(sealed)
    return head_of(msgspec.structs.replace(package, **changes)) + sealed[at:]


def told(node, dataset: str):
    (measured,) = [body for body in world.bodies(node, "dataset") if body.dataset == dataset]
    return measured


def test_a_package_tells_what_an_upload_of_the_file_would_have_told(centre, steward, sealed):
    package, _ = read_head(sealed)
    brought = sealer.bring(centre, steward, sealed)
    uploaded = datasets.get(centre, steward, world.upload(centre, steward, table(), domain=DOMAIN))
    assert (brought.id, brought.state, brought.package) == (package.dataset, "measured", digest_of(package))
    same = ("rows", "accepted", "quarantined", "faults", "columns", "notes", "encoding", "domain")
    assert [getattr(brought, name) for name in same] == [getattr(uploaded, name) for name in same]
    assert (brought.accepted, brought.quarantined) == (40, 2)
    by_node = told(centre, brought.id)
    assert (by_node.rows, by_node.accepted, by_node.body_digest) == (42, 40, package.sound.digest)
    pages = [datasets.quarantine(centre, steward, each.id) for each in (brought, uploaded)]
    assert pages[0] == pages[1]
    assert len(pages[0].rows) == 2


def test_the_bodies_lie_at_the_node_byte_for_byte_as_they_were_sealed(centre, steward, sealed):
    package, at = read_head(sealed)
    sealer.bring(centre, steward, sealed)
    for packed, group, size in bodies_in(package):
        path = datasets.bodies_folder(centre) / f"{packed.body}.{group}.body"
        assert path.read_bytes() == sealed[at : at + size]
        at += size
    assert at == len(sealed)
    assert list((centre.home / "uploads").iterdir()) == []


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (table(), "UTF-8"),
        (b"\xef\xbb\xbf" + table(), "UTF-8 (BOM)"),
        (table().decode().replace("x1", "坏").encode("gb18030"), "GB18030"),
    ],
    ids=["utf-8", "bom", "gb18030"],
)
def test_a_file_reads_in_its_encoding(centre, steward, tmp_path, data, encoding):
    found = sealer.bring(centre, steward, sealer.package(centre, tmp_path, data, domain=DOMAIN).read_bytes())
    assert (found.encoding, found.accepted, found.quarantined) == (encoding, 40, 2)


def test_a_parquet_and_an_xlsx_are_sealed_too(centre, steward, tmp_path):
    import polars
    import xlsxwriter

    header, *rows = rows_of(DOMAIN, 20)
    polars.DataFrame(rows, schema=header, orient="row").write_parquet(tmp_path / "made.parquet")
    with xlsxwriter.Workbook(str(tmp_path / "made.xlsx")) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate([header, *rows]):
            sheet.write_row(number, 0, row)
    for name in ("made.parquet", "made.xlsx"):
        data = (tmp_path / name).read_bytes()
        path = sealer.package(centre, tmp_path, data, domain=DOMAIN, name=name)
        assert sealer.bring(centre, steward, path.read_bytes()).accepted == 20


# Refused with the first piece -----------------------------------------------------------------------------------------


def refused_at_once(node, acting, data: bytes) -> str:
    """The code with which the first piece is refused; nothing of it is kept."""
    begun = uploads.create(node, acting, filename="rows.czpack", size=len(data), domain="", title="密封包")
    with pytest.raises(NodeError) as refused:
        uploads.append(node, acting, begun.id, offset=0, piece=data[: uploads.PIECE])
    assert list(uploads.folder_of(node, begun.id).iterdir()) == []
    assert uploads.get(node, acting, begun.id).offset == 0
    return refused.value.code


def test_another_node_takes_nothing_of_it(zone, centre, sealed):
    bank = zone.node(BANK, "bank")
    owner = world.person(bank, "owner")
    assert refused_at_once(bank, owner, sealed) == "package-elsewhere"
    pretended = changed(sealed, node=BANK, organisation=BANK)
    assert refused_at_once(bank, owner, pretended) == "package-elsewhere"


def test_a_package_of_another_organisation_or_zone_is_refused(zone, centre, steward, tmp_path, sealed):
    host = zone.node(HOST, "operator", slots=0, hosts=True)
    firm = world.host_firm(host)
    of_firm = sealer.package(host, tmp_path, table(), domain=DOMAIN, organisation=firm.organisation).read_bytes()
    assert refused_at_once(host, world.person(host), of_firm) == "package-not-yours"
    assert sealer.bring(host, firm, of_firm).accepted == 40
    assert refused_at_once(centre, steward, changed(sealed, zone=digest_of(read_head(sealed)[0]))) == "other-zone"


@pytest.mark.parametrize(
    ("harm", "code"),
    [
        (lambda data: data[:-1], "package-size"),
        (lambda data: data[: len(data) // 2], "package-size"),
        (lambda data: data + b"\0", "package-size"),
        (lambda data: b"PK" + data[2:], "package-malformed"),
        (lambda data: data[:100], "package-malformed"),
        (lambda data: data[:20] + b" " + data[20:], "package-malformed"),
    ],
    ids=["a byte short", "half", "a byte more", "no package", "its head cut", "a byte in its head"],
)
def test_what_is_cut_or_grown_is_refused_at_once(centre, steward, sealed, harm, code):
    assert refused_at_once(centre, steward, harm(sealed)) == code


def test_a_package_is_taken_once_even_after_its_dataset_was_deleted(centre, steward, sealed):
    found = sealer.bring(centre, steward, sealed)
    assert refused_at_once(centre, steward, sealed) == "package-known"
    datasets.delete(centre, steward, found.id)
    assert refused_at_once(centre, steward, sealed) == "package-known"
    assert datasets.listing(centre, steward) == []


def test_of_two_copies_on_their_way_one_is_taken(centre, steward, sealed):
    begun = [
        uploads.create(centre, steward, filename="a.czpack", size=len(sealed), domain="", title=title)
        for title in ("一", "二")
    ]
    for each in begun:
        uploads.append(centre, steward, each.id, offset=0, piece=sealed)
    dataset = uploads.finish(centre, steward, begun[0].id)
    with pytest.raises(NodeError) as second:
        uploads.finish(centre, steward, begun[1].id)
    assert second.value.code == "package-known"
    assert [each.id for each in datasets.listing(centre, steward)] == [dataset]


# Refused when it is opened --------------------------------------------------------------------------------------------


def flipped(sealed: bytes, at: int) -> bytes:
    return sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]


def places(sealed: bytes) -> dict[str, int]:
    """A byte in the prefix, the nonce, the ciphertext and the tag of a middle body, and in the quarantine."""
    package, at = read_head(sealed)
    sizes = [size for _, _, size in bodies_in(package)]
    third = at + sum(sizes[:3])
    return {"prefix": third + 20, "nonce": third + 50, "ciphertext": third + 70, "tag": third + sizes[3] - 1}


@pytest.mark.parametrize("where", ["prefix", "nonce", "ciphertext", "tag"])
def test_an_altered_byte_is_refused_and_the_sound_package_still_comes_in(centre, steward, sealed, where):
    broken = sealer.bring(centre, steward, flipped(sealed, places(sealed)[where]))
    assert (broken.state, broken.refusal) == ("refused", "package-damaged")
    assert list(datasets.bodies_folder(centre).iterdir()) == []
    assert world.bodies(centre, "dataset") == []
    assert sealer.bring(centre, steward, sealed).state == "measured"


FIELDS = {
    "accepted": lambda package: {"accepted": package.accepted + 1, "rows": package.rows + 1},
    "faults": lambda package: {"faults": ()},
    "notes": lambda package: {"notes": (("gb18030-first-edition", 3),)},
    "body": lambda package: {"sound": msgspec.structs.replace(package.sound, digest="sm3:" + "0" * 64)},
    "sealed_at": lambda package: {"sealed_at": package.sealed_at + 1},
}


@pytest.mark.parametrize("field", FIELDS)
def test_a_word_of_its_document_that_was_changed_leaves_the_keys_shut(centre, steward, sealed, field):
    package, _ = read_head(sealed)
    broken = sealer.bring(centre, steward, changed(sealed, **FIELDS[field](package)))
    assert (broken.state, broken.refusal) == ("refused", "package-damaged")


def resealed(node, sealed: bytes, **changes) -> bytes:
    """What a sealer that lies would make: other words, and the same keys sealed beside them."""
    package, at = read_head(sealed)
    from creditzone.kernel.capsule.package import open_keys

    sound, quarantine = open_keys(package, node.keys.encryption)
    made = with_keys(msgspec.structs.replace(package, **changes), [*sound, quarantine], node.keys.encryption.public)
    return head_of(made) + sealed[at:]


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        (lambda package: {"rows": package.rows + 1}, "package-counts"),
        (lambda package: {"faults": (("number", 2),)}, "package-counts"),
        (lambda package: {"columns": package.columns[::-1]}, "package-domain"),
        (lambda package: {"domain_version": 99}, "package-domain"),
        (lambda package: {"notes": (("made-up", 1),)}, "package-counts"),
        (
            lambda package: {"columns": tuple(msgspec.structs.replace(one, filled=9**9) for one in package.columns)},
            "package-counts",
        ),
        (lambda package: {"accepted": package.accepted + 1, "rows": package.rows + 1}, "package-damaged"),
    ],
)
def test_the_node_believes_its_own_count_and_no_sealers(centre, steward, sealed, changes, refusal):
    package, _ = read_head(sealed)
    found = sealer.bring(centre, steward, resealed(centre, sealed, **changes(package)))
    assert (found.state, found.refusal) == ("refused", refusal)
    assert world.bodies(centre, "dataset") == []


def test_a_row_that_is_not_sound_does_not_come_in_as_one(centre, steward, tmp_path, monkeypatch):
    monkeypatch.setattr("creditzone.kernel.intake.measure.check_columns", lambda found, columns: {})
    header, *rows = rows_of(DOMAIN, 5)
    rows[3][2] = "x1"
    path = sealer.package(centre, tmp_path, world.csv_bytes([header, *rows]), domain=DOMAIN)
    monkeypatch.undo()
    found = sealer.bring(centre, steward, path.read_bytes())
    assert (found.refusal, datasets.refusal_sentence(found, "en")[:24]) == ("package-rows", "From row 1 on the packag")


def test_a_package_that_names_another_datasets_body_touches_it_not(centre, steward, tmp_path, sealed):
    first = sealer.bring(centre, steward, sealed)
    before = {path: path.read_bytes() for path in datasets.bodies_folder(centre).iterdir()}
    other = sealer.package(centre, tmp_path, table(), domain=DOMAIN).read_bytes()
    package, _ = read_head(other)
    body = read_head(sealed)[0].sound.body
    liar = resealed(centre, other, sound=msgspec.structs.replace(package.sound, body=body))
    assert refused_at_once(centre, steward, liar) == "package-known"
    assert {path: path.read_bytes() for path in datasets.bodies_folder(centre).iterdir()} == before
    assert datasets.get(centre, steward, first.id) == first


def test_keys_for_another_node_open_nothing_here(centre, steward, sealed):
    package, at = read_head(sealed)
    stranger = PrivateKey.generate().public
    named = with_keys(package, [b"k" * 16] * (len(package.sound.groups) + 1), stranger)
    pretended = msgspec.structs.replace(named, key=package.key)
    found = sealer.bring(centre, steward, head_of(pretended) + sealed[at:])
    assert (found.state, found.refusal) == ("refused", "package-damaged")


def test_a_runner_that_died_over_a_package_measures_it_again(centre, steward, sealed):
    dataset = sealer.send(centre, steward, sealed)
    assert datasets.next_waiting(centre) == dataset
    package, _ = read_head(sealed)
    (uploads.folder_of(centre, uploads.listing(centre, steward)[0].id) / f"{package.sound.body}.0.body").write_bytes(
        b"x"
    )
    assert datasets.measure_again(centre) == 1
    assert datasets.next_waiting(centre) == dataset
    datasets.measure(centre, dataset, threading.Event())
    assert datasets.get(centre, steward, dataset).state == "measured"
