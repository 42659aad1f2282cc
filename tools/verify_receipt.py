"""Check a Tranche receipt without the platform: python3 verify_receipt.py receipt.json --key KEY

Needs Python 3.9 and `cryptography`. KEY is the platform's public key, in hex, from a source that
you trust. With --anchors, a copy of the published list, it also checks that the receipt's anchor
stands there, and that the list's anchors follow from each other. Exit code 0: everything holds.
"""

import argparse
import hashlib
import json
import struct
import sys
from datetime import datetime, timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

EPOCH = datetime(2000, 1, 1)  # noqa: DTZ001 - every moment here is UTC
MOMENT = "%Y-%m-%dT%H:%M:%S.%fZ"


class Broken(Exception):
    """Something in the receipt does not hold."""


def require(holds, words):
    if not holds:
        raise Broken(words)


def text(value):
    return struct.pack(">h", len(value.encode())) + value.encode()


def microseconds(moment):
    return (datetime.strptime(moment, MOMENT) - EPOCH) // timedelta(microseconds=1)


def entry_hash(head, account, entry):
    """The hash of an entry: version, the hash before it, its journal, and the entry itself."""
    journal = entry["journal"]
    words = struct.pack(">q", journal["id"]) + text(journal["kind"]) + text(journal["about_type"])
    words += struct.pack(">q", journal["about_id"]) + text(journal["key"])
    words += struct.pack(">qq", journal["reverses"] or 0, microseconds(journal["posted_at"]))
    words += struct.pack(">hqh", entry["leg"], account["id"], account["shard"])
    words += struct.pack(">qq", entry["seq"], entry["amount"]) + account["currency"].encode()
    words += struct.pack(">q", entry["balance_after"])
    return hashlib.sha256(b"\x01" + head + words).digest()


def check_chain(receipt):
    """Walk the entries from the line to the anchored head; the head."""
    account, entries = receipt["account"], receipt["entries"]
    require(entries[0]["seq"] == receipt["line"], "the receipt does not begin with its line")
    head, before = bytes.fromhex(receipt["head_before"]), None
    for entry in entries:
        if before:
            require(entry["seq"] == before["seq"] + 1, f"line {entry['seq']} does not follow")
            running = before["balance_after"] + entry["amount"]
            require(
                entry["balance_after"] == running, f"the balance of line {entry['seq']} is wrong"
            )
        head = entry_hash(head, account, entry)
        require(head.hex() == entry["hash"], f"the hash of line {entry['seq']} is wrong")
        before = entry
    return head


def check_inclusion(receipt, head):
    """Walk from the leaf of the head to the root, as RFC 9162 says."""
    account, inclusion = receipt["account"], receipt["inclusion"]
    place = struct.pack(">qhq", account["id"], account["shard"], receipt["entries"][-1]["seq"])
    node = hashlib.sha256(b"\x00" + place + head).digest()
    index, last = inclusion["index"], inclusion["leaves"] - 1
    require(0 <= index <= last, "the place in the tree is impossible")
    require(inclusion["leaves"] == receipt["anchor"]["chains"], "the tree has another size")
    for beside in map(bytes.fromhex, inclusion["path"]):
        require(last > 0, "the path is too long")
        if index % 2 or index == last:
            node = hashlib.sha256(b"\x01" + beside + node).digest()
            while index % 2 == 0 and index:
                index, last = index // 2, last // 2
        else:
            node = hashlib.sha256(b"\x01" + node + beside).digest()
        index, last = index // 2, last // 2
    require(last == 0, "the path is too short")
    require(node.hex() == receipt["anchor"]["root"], "the path does not lead to the anchor's root")


def statement(anchor):
    names = ("number", "at", "chains", "root", "previous")
    return "tranche-anchor-v1\n" + "".join(f"{name} {anchor[name]}\n" for name in names)


def check_signature(anchor, key):
    require(anchor["key"] == key, f"anchor {anchor['number']} is signed by another key")
    try:
        signature = bytes.fromhex(anchor["signature"])
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(
            signature, statement(anchor).encode()
        )
    except InvalidSignature:
        raise Broken(f"the signature of anchor {anchor['number']} is wrong") from None


def check_list(anchors, wanted, key):
    """Each anchor of the list names the one before it, and the wanted one stands there."""
    previous = "0" * 64
    for number, anchor in enumerate(anchors, 1):
        require(anchor["number"] == number, f"anchor {number} is missing in the list")
        require(anchor["previous"] == previous, f"anchor {number} does not follow in the list")
        signed = statement(anchor).encode() + bytes.fromhex(anchor["signature"])
        previous = hashlib.sha256(signed).hexdigest()
    require(wanted in anchors, "the receipt's anchor is not in the list")
    check_signature(anchors[-1], key)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("receipt", type=argparse.FileType())
    parser.add_argument("--key", required=True, help="the platform's public key")
    parser.add_argument("--anchors", type=argparse.FileType(), help="a copy of anchors.jsonl")
    options = parser.parse_args()
    try:
        receipt = json.load(options.receipt)
        require(receipt["format"] == "tranche-receipt-v1", "this is no receipt of a known format")
        check_inclusion(receipt, check_chain(receipt))
        check_signature(receipt["anchor"], options.key)
        if options.anchors:
            anchors = [json.loads(line) for line in options.anchors]
            check_list(anchors, receipt["anchor"], options.key)
    except Broken as reason:
        print(f"DOES NOT HOLD: {reason}.")
        return 1
    except (LookupError, TypeError, ValueError, AttributeError, struct.error) as problem:
        print(f"DOES NOT HOLD: this is no whole receipt ({problem!r}).")
        return 1
    line, anchor, currency = (
        receipt["entries"][0],
        receipt["anchor"],
        receipt["account"]["currency"],
    )
    print(f"HOLDS: line {line['seq']} of {line['amount']} minor units of {currency}, posted")
    print(f"{line['journal']['posted_at']}, anchored {anchor['at']} by anchor {anchor['number']}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
