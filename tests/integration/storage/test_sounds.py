"""Sounds and sound matches in the database, and in what is verified."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sqlalchemy import text

from storage import fingerprints, matches, sounds, videos
from storage.database import Database
from tests.support.sound import random_sound
from tests.support.values import ALGORITHM, KEY, NOW, a_fingerprint, a_match, a_video
from tracker.model.match import Segment, SoundAgreement, SoundMatch
from tracker.model.video import Video

ONE, TWO, THREE = (a_video(name) for name in ("one", "two", "three"))
SEGMENT = Segment(0, 9000, 1000, 10_000, 1.0, mirrored=False, score=0.9)


@pytest.fixture
def filled(database: Database) -> Database:
    with database.write() as session:
        for n, video in enumerate((ONE, TWO, THREE)):
            videos.save_video(session, Video(video, n), kept=True, now=NOW)
            sound = random_sound(n, 20) if video != THREE else None
            made = replace(a_fingerprint(n), sound=sound)
            fingerprints.save_fingerprint(session, video, made, now=NOW)
    return database


def test_a_sound_comes_back_with_and_without_its_fingerprint(filled: Database) -> None:
    with filled.read() as session:
        whole = fingerprints.get_fingerprint(session, ONE, KEY)
        alone = sounds.get_sound(session, ONE, KEY)
        assert sounds.get_sound(session, THREE, KEY) is None
        rows = sounds.sounds_after(session, KEY, 0, 10)
        assert sounds.sounds_after(session, "another", 0, 10) == []
    assert whole is not None
    assert whole.sound is not None
    assert alone is not None
    for sound in (whole.sound, alone, rows[0][2]):
        assert sound is not None
        assert np.array_equal(sound.items, random_sound(0, 20).items)
    assert [(video, sound is None) for _, video, sound in rows] == [
        (ONE, False),
        (TWO, False),
        (THREE, True),
    ]


def test_a_sound_match_is_one_row_whichever_asked(filled: Database) -> None:
    match = SoundMatch(ONE, TWO, 0.9, (SEGMENT,))
    with filled.write() as session:
        assert sounds.save_sound_match(session, match, KEY, now=NOW)
        assert not sounds.save_sound_match(session, match, KEY, now=NOW)
        assert not sounds.save_sound_match(session, match.swapped(), KEY, now=NOW)
    with filled.read() as session:
        assert sounds.sound_matches_of(session, ONE, KEY) == [match]
        assert sounds.sound_matches_of(session, TWO, KEY) == [match.swapped()]
        assert sounds.sound_matches_of(session, THREE, KEY) == []
        assert len(list(sounds.all_sound_matches(session))) == 1
        assert matches.component(session, ONE, KEY) == {ONE}
    with filled.write() as session:
        assert sounds.save_sound_match(session, replace(match, score=0.8), KEY, now=NOW)
        assert [m.score for m in sounds.sound_matches_of(session, ONE, KEY)] == [0.8]
        with pytest.raises(ValueError, match="no match of itself"):
            sounds.save_sound_match(session, replace(match, reference=ONE), KEY, now=NOW)


def test_a_sound_match_that_cannot_be_read_is_none(filled: Database) -> None:
    with filled.write() as session:
        match = SoundMatch(ONE, TWO, 0.9, (SEGMENT,))
        sounds.save_sound_match(session, match, KEY, now=NOW)
        session.execute(text("UPDATE sound_match SET segments = 'x'"))
    with filled.read() as session:
        (stored,) = sounds.all_sound_matches(session)
    assert stored.match is None
    assert stored.videos == {ONE, TWO}


@pytest.mark.parametrize("agreement", list(SoundAgreement))
def test_a_match_keeps_how_the_sounds_agree(filled: Database, agreement: SoundAgreement) -> None:
    with filled.write() as session:
        matches.save_match(session, a_match(ONE, TWO), KEY, now=NOW)
        changed = matches.save_match(session, a_match(ONE, TWO, sound=agreement), KEY, now=NOW)
        assert changed is (agreement is not SoundAgreement.UNKNOWN)
        (match,) = matches.matches_of(session, TWO, KEY)
    assert match.sound is agreement
    assert ALGORITHM.key == KEY
