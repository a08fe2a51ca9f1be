"""A provenance report with its evidence, as one BagIt bag that checks itself.

::

    bagit.txt bag-info.txt manifest-sha256.txt tagmanifest-sha256.txt    BagIt (RFC 8493)
    VERIFY.md                          how a stranger checks it all, line by line
    data/bundle.json                   tracker/bundle/1: what is inside, and what is not
    data/sealed.txt                    SHA-256 of every file below but the last two and of VERIFY.md
    data/report/report.*               html, json, csv, prov.json
    data/captures/index.json        every request with its answer; the answers beside it,
    data/captures/SHA256               byte for byte, named by their digests
    data/credentials/SHA256.json       manifests of Content Credentials, as the reader gave them
    data/chain/revision-N.json         every recorded answer, as the ledger digested it
    data/fingerprints/SHA256.json      hashes of the sampled frames (``fingerprint_form``)
    data/keyframes/SHA256/N-MS.jpg     the pictures kept of each video, MS its time in it
    data/matches.json                  what each two videos of the chain have in common
    data/originals/SHA256.*            the videos, if asked for
    data/anchors/                      the ledger's anchors and time stamps (``anchor_form``)
    data/ledger/entries.txt            the ledger's entries about this case, in full
    data/ledger/redacted.json          those that name accounts, in a redacted bundle
    data/ledger/chain.txt              number and both hashes of every entry up to the last one,
    data/ledger/seal.txt               which is this one: it holds the digest of data/sealed.txt

The seal makes two exports of one state equal: an export that finds the same ``sealed.txt`` sealed
already takes that entry for its own, and is recorded in one more that the bundle need not hold.
"""
