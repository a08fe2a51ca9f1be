"""Whether a bundle is what was exported: everything broken, by name, from the bundle alone.

Three rings, each catching whoever could redo the one before: the bag's manifests; the seal, an
entry of the ledger that digests every file; and the entries about the evidence itself, which
digest answers, fingerprints, keyframes, matches and recorded chains.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from tracker.errors import IntegrityError
from tracker.model.ledger import Broken
from tracker.model.summary import Verified
from tracker.reports.bundle import bag
from tracker.reports.bundle.bag import BagFacts, Written
from tracker.reports.bundle.check_anchors import check_anchor_part
from tracker.reports.bundle.check_contents import check_contents
from tracker.reports.bundle.check_ledger import CheckedLedger, check_ledger, sealed_digest
from tracker.reports.bundle.contents import as_json
from tracker.reports.bundle.read import Bundle, open_bundle
from tracker.reports.bundle.write import SEALED, UNSEALED

BUNDLE = "data/bundle.json"
_LINE = re.compile(r"([0-9a-f]{64})  ?\*?(.+)")
_NEEDED = ("bagit.txt", "bag-info.txt", bag.MANIFEST, bag.TAG_MANIFEST, "VERIFY.md", BUNDLE,
           *sorted(UNSEALED))  # fmt: skip


def verify_bundle(path: Path) -> Verified:
    """Check the bundle at ``path``, a directory or zip file; return everything that is broken.

    Needs nothing but the bundle. Raises ``UsageError`` when there is none.
    """
    try:
        with open_bundle(path) as bundle:
            return _verified(bundle)
    except IntegrityError as exc:
        return Verified(0, 0, 0, (Broken("file", path.name, str(exc)),))


def _verified(bundle: Bundle) -> Verified:
    files: dict[str, Written] = {}
    broken = list(_digested(bundle, files))
    about = _about(bundle)
    broken += _bag(bundle, files, about)
    broken += _sealed(bundle, files)
    ledger, found = check_ledger(bundle, about)
    broken += found
    broken += _seal_fits(bundle, ledger, files)
    broken += check_contents(bundle, files, about, ledger.recorded)
    anchors, found = check_anchor_part(bundle, files, ledger)
    return Verified(ledger.entries, len(files), anchors, _once([*broken, *found]))


def _once(broken: list[Broken]) -> tuple[Broken, ...]:
    """Return each broken item once, with what was found first."""
    by_name: dict[tuple[str, str], Broken] = {}
    for item in broken:
        by_name.setdefault((item.kind, item.name), item)
    return tuple(by_name.values())


def _digested(bundle: Bundle, files: dict[str, Written]) -> Iterator[Broken]:
    for path in sorted(bundle.paths()):
        try:
            files[path] = Written(*bundle.sha256(path))
        except IntegrityError as exc:
            yield Broken("file", path, str(exc).removeprefix(f"{path} "))
    for path in _NEEDED:
        if path not in bundle.paths():
            yield Broken("file", path, "it is missing")


def _about(bundle: Bundle) -> Mapping[str, object]:
    try:
        document = as_json(bundle.read(BUNDLE))
    except (IntegrityError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}


# --- the bag ------------------------------------------------------------------------------


def _bag(
    bundle: Bundle, files: Mapping[str, Written], about: Mapping[str, object]
) -> Iterator[Broken]:
    yield from _declared(bundle, files, about)
    for name, payload in ((bag.MANIFEST, True), (bag.TAG_MANIFEST, False)):
        wanted = {
            path: file
            for path, file in files.items()
            if path.startswith(bag.PAYLOAD) is payload and path != bag.TAG_MANIFEST
        }
        yield from _listed(bundle, name, wanted)
    if bag.TAG_MANIFEST in files:
        due = bag.manifest(files, payload=False).encode("utf-8", "surrogateescape")
        if bundle.read(bag.TAG_MANIFEST) != due:
            yield Broken("file", bag.TAG_MANIFEST, "it is no list of the files as they are")


def _declared(
    bundle: Bundle, files: Mapping[str, Written], about: Mapping[str, object]
) -> Iterator[Broken]:
    facts = BagFacts(*(str(about.get(key)) for key in ("clip", "tool_version", "as_of")))
    for path, due in (("bagit.txt", bag.DECLARATION), ("bag-info.txt", bag.bag_info(facts, files))):
        if path in files and bundle.read(path) != due.encode("utf-8", "replace"):
            yield Broken("file", path, "it does not fit the rest of the bundle")


def _listed(bundle: Bundle, name: str, files: Mapping[str, Written]) -> Iterator[Broken]:
    """Compare a list of digests with the files it should be of."""
    try:
        listed = dict(_lines(bundle, name))
    except IntegrityError as exc:
        yield Broken("file", name, str(exc))
        return
    for path in sorted(listed.keys() - files.keys()):
        yield Broken("file", path, f"it is missing; {name} lists it")
    for path, file in sorted(files.items()):
        if path not in listed:
            yield Broken("file", path, f"{name} does not list it: it was added")
        elif listed[path] != file.sha256:
            yield Broken("file", path, f"it was changed: {name} has another digest")


def _lines(bundle: Bundle, name: str) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(bundle.text(name).splitlines(), start=1):
        found = _LINE.fullmatch(line)
        if found is None:
            raise IntegrityError(f"line {number} is no digest and path")
        yield found[2], found[1]


# --- the seal -----------------------------------------------------------------------------


def _sealed(bundle: Bundle, files: Mapping[str, Written]) -> Iterator[Broken]:
    covered = {
        path: file
        for path, file in files.items()
        if path == "VERIFY.md" or (path.startswith(bag.PAYLOAD) and path not in UNSEALED)
    }
    yield from _listed(bundle, SEALED, covered)


def _seal_fits(
    bundle: Bundle, ledger: CheckedLedger, files: Mapping[str, Written]
) -> Iterator[Broken]:
    if ledger.seal is None or SEALED not in bundle.paths():
        return
    written = files.get(SEALED)
    if written is None or sealed_digest(ledger.seal) != written.sha256:
        reason = f"it is not what entry {ledger.seal.sequence} sealed"
        yield Broken("file", SEALED, reason)
