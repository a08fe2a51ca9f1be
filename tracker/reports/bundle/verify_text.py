"""VERIFY.md: the lines by which a stranger checks a bundle without this program."""

from __future__ import annotations

from collections.abc import Sequence

_HEAD = """\
# How to check this bundle

Open a terminal in this directory (of a zip file: unpack it first). Every block below is run as it
stands; `sha256sum`, `awk` and `openssl` are on any Linux system. A block that prints nothing but
`OK` lines, or nothing at all, has found nothing wrong. With the program that made it, one line
does all of it, offline and without any archive: `tracker verify THIS-DIRECTORY`.

## 1. Every file is as it was packed

```sh
sha256sum --check --quiet manifest-sha256.txt
sha256sum --check --quiet tagmanifest-sha256.txt
```

This is BagIt (RFC 8493): `bagit.py --validate .` says the same. Whoever changes a file can write
new manifests as well, so go on.

## 2. The files are those the ledger sealed

`data/sealed.txt` holds the digest of every file; its own digest stands in the last entry of the
ledger, `data/ledger/seal.txt`.

```sh
sha256sum --check --quiet data/sealed.txt
grep -q "$(sha256sum data/sealed.txt | cut -d' ' -f1)" data/ledger/seal.txt || echo BROKEN: seal
```

## 3. The ledger's entries are as they were written

Each line of `entries.txt` is HASH PREVIOUS FACTS; HASH is the SHA-256 over PREVIOUS, a line feed
and FACTS, and PREVIOUS is the hash of the entry before. `chain.txt` has both for every entry of the
whole ledger (those about other cases without their content): NUMBER PREVIOUS HASH.

```sh
cat data/ledger/entries.txt data/ledger/seal.txt | while read -r hash previous facts; do
  found=$(printf '%s\\n%s' "$previous" "$facts" | sha256sum | cut -d' ' -f1)
  [ "$found" = "$hash" ] || printf 'BROKEN: %s\\n' "$facts"
  grep -q " $previous $hash\\$" data/ledger/chain.txt || printf 'NOT IN THE CHAIN: %s\\n' "$facts"
done
awk '$1 != NR || $2 != last { print "BROKEN at entry " $1 } { last = $3 }' \\
  last=0000000000000000000000000000000000000000000000000000000000000000 data/ledger/chain.txt
tail -n 1 data/ledger/chain.txt | grep -q "$(cut -d' ' -f1 data/ledger/seal.txt)" \\
  || echo BROKEN: the chain does not end with the seal
```

"""

_CAPTURES = """\
## 4. What was captured is what the entries say

Raw answers of the platforms are in `data/captures`, videos (if they are here) in `data/originals`,
each named by its digest; `data/captures/index.json` says what was asked, when and by which
program. The digests stand in the entries of kind `capture` as well.

```sh
for file in data/captures/[0-9a-f]* data/credentials/* data/originals/*; do
  [ -f "$file" ] || continue
  name=$(basename "$file"); name=${name%%.*}
  [ "$(sha256sum < "$file" | cut -d' ' -f1)" = "$name" ] || echo "BROKEN: $file"
  grep -q "$name" data/ledger/entries.txt || echo "NOT IN THE LEDGER: $file"
done
```

"""

_REDACTED = """\
## 4. What was left out

This is the redacted profile: names of accounts were replaced by keyed hashes (HMAC-SHA256; whoever
holds the key can check a name against them). Raw answers and recorded documents, which hold names,
are not here; their digests are, in `data/captures/index.json` and in the entries. Entries that
hold names are in `data/ledger/redacted.json`, changed: their hashes cannot be recomputed, but their
places in `chain.txt` can be compared with an unredacted bundle of the same state. Pictures are as
they were: names written in them were not removed. Words of posts can be searched for on the web.

"""

_FOOT = """\
## What this shows, and what not

The chain shows that nothing before an entry was changed after it was written. That the ledger was
not written anew as a whole, it cannot show by itself: for that there are trusted time stamps, and
the hash of its last entry in hands other than the archive's. If you got this bundle together with
such a hash, compare: `cut -d' ' -f1 data/ledger/seal.txt`.

A finding of similarity says that two videos show the same footage. It does not say who filmed it,
nor whether what it shows happened.
"""


_ANCHORS = """\
## 5. The ledger is the one that was anchored

An anchor says what the ledger was at one moment; each holds the digest of the one before, and the
hash of its last entry stands in the chain.

```sh
for anchor in data/anchors/*/anchor.json; do
  last=$(sed 's/.*"last_sequence":\\([0-9]*\\).*/\\1/' "$anchor")
  head=$(sed 's/.*"head_hash":"\\([0-9a-f]*\\)".*/\\1/' "$anchor")
  grep -q "^$last [0-9a-f]* $head\\$" data/ledger/chain.txt || echo "BROKEN: $anchor"
done
```

"""

_TOKENS = """\
Each of these lines prints `Verification: OK` where an authority signed that it saw the anchor, and
with it every entry before, no later than the time in the token (`openssl ts -reply -in FILE.tsr
-text` shows it). Compare the certificates in the `-CAfile` with those that the authority publishes.
What openssl says besides is no fault: `Using configuration`, and `Warning: … is not a CA cert`, for
the signer's own certificate stands among those of the answer.

```sh
{lines}
```

"""

_NO_TOKENS = """\
No time stamp of an authority that was verified is in this bundle: `data/anchors/index.json` says
what was asked for and what came of it. A proof of OpenTimestamps (`.ots`) that is called pending is
no time stamp yet; `ots verify` of the opentimestamps-client tells.

"""


def verify_text(*, redacted: bool, anchored: bool, openssl: Sequence[str]) -> str:
    """Return VERIFY.md; ``openssl`` are the lines that check time stamps."""
    parts = [_HEAD, _REDACTED if redacted else _CAPTURES]
    if anchored:
        lines = "\n".join(openssl)
        parts += [_ANCHORS, _TOKENS.format(lines=lines) if openssl else _NO_TOKENS]
    return "".join((*parts, _FOOT))
