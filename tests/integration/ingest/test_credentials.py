"""Content Credentials on their way through the archive: read first, recorded, checked, shown."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from jobs import credentials as credentials_job
from jobs.turn import Turn
from storage import credentials as credential_rows
from storage import ledger
from storage import videos as video_rows
from tests.integration.ingest.conftest import AppMaker
from tests.support.footage import make_footage
from tests.support.pages import video_page
from tests.support.signed_video import (
    CREATED_AT,
    ISSUER,
    SigningKeys,
    remux,
    sign_video,
    signing_keys,
)
from tests.support.webserver import WebServer
from tracker.app import App
from tracker.config import C2paSettings
from tracker.errors import ConfigError
from tracker.ingest.add import Stated
from tracker.ingest.credentials import read_original
from tracker.media.child_process import ChildLimits, ChildProcessExecutor
from tracker.media.digest import sha256_of
from tracker.model.chain import Chain
from tracker.model.credentials import CredentialState
from tracker.model.ids import VideoId
from tracker.model.ledger import LedgerEntry, LedgerKind
from tracker.model.time_claim import ClaimKind, ForgeableBy
from tracker.model.video import Video
from tracker.reports.documents import chain_document


@pytest.fixture(scope="session")
def keys() -> SigningKeys:
    return signing_keys()


@pytest.fixture(scope="session")
def signed(tmp_path_factory: pytest.TempPathFactory, keys: SigningKeys) -> Path:
    folder = tmp_path_factory.mktemp("signed")
    plain = make_footage(folder / "plain.mp4", seed=7, seconds=4).path
    return sign_video(plain, folder / "signed.mp4", keys)


def post_of(site: WebServer, name: str, video: Path, published: str) -> str:
    media = site.add(f"/{name}.mp4", video.read_bytes(), content_type="video/mp4")
    return site.add(f"/{name}", video_page(name, media, published))


def credential_entries(app: App) -> list[LedgerEntry]:
    with app.archive.database.read() as s:
        return [e for e in ledger.entries(s) if e.kind is LedgerKind.CREDENTIALS]


def chain_of(app: App, video: VideoId) -> Chain:
    (chain,) = app.subjects.chains(video)
    return chain


def test_a_signed_upload_is_told_and_its_remuxed_copy_has_none(
    app: App, site: WebServer, signed: Path, tmp_path: Path
) -> None:
    copy = remux(signed, tmp_path / "copy.mp4")
    for name, path, day in (("one", signed, "2026-02-01"), ("two", copy, "2026-02-02")):
        added = app.add.take_in(post_of(site, name, path, f"{day}T10:00:00Z"), Stated())
        assert added.errors == ()
    first, second = chain_of(app, sha256_of(signed)).links
    found = first.appearance.credentials
    assert found is not None
    assert (found.state, found.issuer) == (CredentialState.VALID, ISSUER)
    assert found.manifest_sha256 is not None
    kept = json.loads(app.archive.media.read(found.manifest_sha256))
    assert kept["active_manifest"] == found.active_manifest
    (claim,) = [c for c in first.appearance.claims if c.kind is ClaimKind.C2PA_SIGNED]
    assert (claim.interval.earliest_at, claim.forgeable_by) == (CREATED_AT, ForgeableBy.SIGNER)
    assert first.appearance.published is not None
    assert first.appearance.published.basis is not ClaimKind.C2PA_SIGNED
    assert second.appearance.credentials is not None
    assert second.appearance.credentials.state is CredentialState.ABSENT
    document = chain_document(chain_of(app, sha256_of(signed)))
    json.dumps(document)
    entries = credential_entries(app)
    assert [json.loads(e.body)["state"] for e in entries] == ["valid", "absent"]
    assert app.verify().ok


def test_a_signer_that_the_config_trusts_is_told_as_trusted(
    make_app: AppMaker, signed: Path, keys: SigningKeys, tmp_path: Path
) -> None:
    anchors = tmp_path / "trusted.pem"
    anchors.write_text(keys.authority)
    with make_app(c2pa=C2paSettings(trust_anchors_file=str(anchors))) as app:
        app.add.take_in(str(signed), Stated())
        document = chain_document(chain_of(app, sha256_of(signed)))
        assert '"signer_trust": "trusted"' in json.dumps(document)
        assert app.verify().ok


@pytest.mark.parametrize("text", [None, "no certificate"])
def test_a_list_of_signers_that_cannot_be_read_is_named(
    make_app: AppMaker, tmp_path: Path, text: str | None
) -> None:
    anchors = tmp_path / "trusted.pem"
    if text is not None:
        anchors.write_text(text)
    opened = make_app(c2pa=C2paSettings(trust_anchors_file=str(anchors)))
    with pytest.raises(ConfigError, match=r"c2pa\.trust_anchors_file.*trusted\.pem"), opened:
        pass


def test_published_before_the_file_was_made_is_a_conflict(
    app: App, site: WebServer, signed: Path
) -> None:
    app.add.take_in(post_of(site, "early", signed, "2025-06-01T10:00:00Z"), Stated())
    texts = [conflict.text for conflict in chain_of(app, sha256_of(signed)).conflicts]
    assert any("the signed time inside the video file" in text for text in texts)


def test_verify_names_rows_and_manifests_that_were_changed(
    app: App, signed: Path, tmp_path: Path
) -> None:
    app.add.take_in(str(signed), Stated())
    with app.archive.database.read() as s:
        held = credential_rows.get_credentials(s, sha256_of(signed))
    assert held is not None
    assert held.credentials.manifest_sha256 is not None
    manifest = app.archive.media.path(held.credentials.manifest_sha256)
    manifest.unlink()
    app.archive.database.close()
    with sqlite3.connect(tmp_path / "data" / "tracker.db") as connection:
        connection.execute("UPDATE content_credentials SET issuer = 'Another House'")
    connection.close()
    broken = app.verify().broken
    assert {item.kind for item in broken} == {"entry", "file"}
    assert any("content credentials of" in item.name for item in broken)
    assert any(item.name == str(manifest) for item in broken)


def test_videos_of_an_older_archive_are_looked_at_by_and_by(app: App, signed: Path) -> None:
    """They were stored by a release that knew nothing of credentials."""
    video = sha256_of(signed)
    staged = app.archive.staging / "old"
    shutil.copyfile(signed, staged)
    app.archive.media.add_file(staged, video)
    with app.archive.database.write() as s:
        row = Video(video, signed.stat().st_size)
        video_rows.save_video(s, row, kept=True, now=app.clock.now())
        ledger.append(s, LedgerKind.CAPTURE, {"sha256": video}, at=app.clock.now())
    pending = {work.stage: work.count for work in app.status().pending}
    assert pending["credentials"] == 1
    assert credentials_job.run(app, Turn()) == 1
    assert credentials_job.run(app, Turn()) == 0
    assert len(credential_entries(app)) == 1
    with app.archive.database.read() as s:
        held = credential_rows.get_credentials(s, video)
        assert [c.kind for c in video_rows.video_claims(s, video)] == [ClaimKind.C2PA_SIGNED]
    assert held is not None
    assert held.credentials.state is CredentialState.VALID
    assert app.verify().ok


def test_a_video_is_read_once_though_it_comes_twice(
    app: App, site: WebServer, signed: Path
) -> None:
    for name in ("a", "b"):
        app.add.take_in(post_of(site, name, signed, "2026-02-01T10:00:00Z"), Stated())
    app.credentials.process(sha256_of(signed))
    assert len(credential_entries(app)) == 1


def test_a_reader_that_overruns_its_limits_is_a_finding(signed: Path) -> None:
    executor = ChildProcessExecutor(1, ChildLimits(wall_time_s=0.001))
    try:
        found = read_original(executor, signed).credentials
    finally:
        executor.shutdown()
    assert found.state is CredentialState.UNREADABLE
    assert found.reason


def test_a_lookup_tells_the_subjects_own_credentials(app: App, signed: Path) -> None:
    (result,) = app.lookup.run(str(signed))
    assert result.credentials is not None
    assert result.credentials.state is CredentialState.VALID
    app.add.take_in(str(signed), Stated())
    (result,) = app.lookup.run(str(signed))
    assert result.matches[0].credentials is not None
    assert result.matches[0].credentials.issuer == ISSUER
