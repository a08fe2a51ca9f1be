"""Reading many at once gives what reading each alone gives."""

from __future__ import annotations

from pathlib import Path

from storage import bulk, captures, credentials, fingerprints, matches, posts, sounds, videos
from tests.support.made_case import make_case
from tracker.app import open_app
from tracker.config import Settings
from tracker.model.credentials import ContentCredentials, CredentialState
from tracker.model.ids import PostKey, VideoId
from tracker.model.match import Segment, SoundMatch
from tracker.model.status import PostStatus

NOBODY = VideoId("0" * 64)


def test_many_are_the_same_as_each(tmp_path: Path) -> None:
    with open_app(Settings(data_dir=tmp_path)) as app:
        case = make_case(app, 4)
        key, algorithm, now = case.posts[1], app.algorithm_key, app.clock.now()
        names = (*case.videos, NOBODY)
        heard = Segment(0, 5000, 1000, 6000, 1.0, mirrored=False, score=0.8)
        with app.archive.database.write() as s:
            posts.set_status(s, key, PostStatus.DELETED, now)
            found = ContentCredentials(CredentialState.ABSENT)
            credentials.save_credentials(s, case.videos[2], found, now)
            for other in case.videos[1:3]:
                sound = SoundMatch(case.videos[0], other, 0.7, (heard,))
                sounds.save_sound_match(s, sound, algorithm, now=now)
        with app.archive.database.read() as s:
            keys = (*case.posts, PostKey("https://x.com/nobody/status/1"))
            assert bulk.posts(s, keys) == {k: posts.get_post(s, k) for k in case.posts}
            assert bulk.statuses(s, keys) == {
                k: tuple(posts.status_history(s, k)) for k in case.posts
            }
            one_by_one = [c for k in case.posts for c in captures.captures_of_post(s, k)]
            one_by_one += [c for v in case.videos for c in captures.captures_of_video(s, v)]
            assert bulk.captures(s, keys, names) == {c.id: c for c in one_by_one}
            assert bulk.videos(s, names) == {v: videos.get_video(s, v) for v in case.videos}
            assert bulk.fingerprinted(s, names, algorithm) == {
                v for v in names if fingerprints.get_fingerprint(s, v, algorithm) is not None
            }
            assert bulk.credentials(s, names) == {
                case.videos[2]: credentials.get_credentials(s, case.videos[2])
            }
            for video in case.videos:
                listed = sounds.sound_matches_of(s, video, algorithm)
                assert bulk.sound_matches(s, names, algorithm).get(video, []) == listed
                for match in matches.matches_of(s, video, algorithm):
                    pair = (video, match.reference)
                    assert bulk.matches(s, [pair, (video, NOBODY)], algorithm) == {pair: match}
