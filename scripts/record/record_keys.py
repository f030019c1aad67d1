#!/usr/bin/env python3
"""Records how Python prints keys and how Dask names them.

usage: record_keys.py PYTHON... >tests/Csds.Protocol.Tests/Keys/recorded/keys.json

Every PYTHON is a command that runs an interpreter with one release of Dask (see scripts/dask-env), oldest first. What
is recorded is the newest release's answer, and for the others what differs from it.

`characters` are the newest interpreter's properties of all characters, `pairs` its comparisons of keys. A row is
[token, str(key), key_split(key), key_split_group(key), {release: [key_split, key_split_group]}]; the token is msgpack
in hex, null stands for an exception.
"""
import json
import math
import random
import struct
import subprocess
import sys
import unicodedata

HASH = "ae05086432ca935f6eba409a8ecd4896"
UUID = "5d9a2fc1-f8a6-4a8e-a60f-6c0d0b6f2b3e"

NAMES = [
    "", "x", "x-1", "x-1-2-3", "x-", "-x", "-", "--", "x--y", "hello-world-1", "hello-world", "x-abcdefab",
    "x-database", "x-zatabase", "x-Database", "x-abcdefgh-y", "x-bbbbbbbb", "x-zzzzzzzz-1", HASH, HASH.upper(),
    HASH[:-1], HASH + "a", HASH + "-1", f"x-{HASH}", f"sum-agg-{HASH}", f"x-{UUID}", UUID, f"{UUID}-x", "_(x)", "_x",
    "__x__", "(x)-y", "(x)-y-1", "('x', 1)", "('x-2', 1)", f"('x-{HASH}', 0, 1)", f"('sum-aggregate-{HASH}', 0)",
    '("x-2", 1)', "(b'x-2', 1)", "(('x-2', 1), 2)", "(", "()", "('", "((", "),", ",", "(,", "('x", "x'", '"', "'",
    "'-a", "<", ">", "<>", "<><", "< >", "<.>", "<a.>", "<a.b.>", "<lambda>", "<lambda>-abc", "<lambda>-1",
    f"<lambda>-{HASH}", "<module.submodule.myclass object at 0xdaf372",
    "<module.submodule.myclass object at 0xdaf372>", "< a.b c>", "<\ta.b\nc>", "<\x1ca.b\x1dc>",
    "<\u2003a.b\u3000c>", "<\xa0a>", "<\x85a b>", "<\u200ba b>", "<a b>-c", "<a-b c>", "1", "123", "1-x", "1x-y",
    "0x1f", "data", "Other", "a", "abcdef", "x-y-z", "x-y1-z", "x-y_z", "x-Y", "x- y", " x", "x ", "x y-z", "\t",
    "\n", "a\nb-c", "a\x00b", "\x00", "\x7f", "x\x7f", "read_csv-abc", "from-delayed-abcd", "from_pandas-aaaaaaaa",
    "inc-deadbeef", "inc-DEADBEEF", "inc-deadbeefs", "inc-feedface-x", "inc-facade-x", "a" * 32, "g" * 32,
    "a-" + "b" * 30, "f" * 30 + "-f", "0" * 32, "a" * 31 + "-", "finalize-" + HASH, "getitem-x", "a,b-c", "(a,b-c",
    "_a,b", "_,b", "'a'", "a'b", 'a"b', "a'b\"c", "a\\b", "\\", "'\\'", "\xe9", "\xe9t\xe9-1", "x-\xe9t\xe9",
    "x-\xe9\xe9\xe9\xe9\xe9\xe9\xe9\xe9", "x-a\xe9\xe9\xe9\xe9\xe9\xe9\xe9", "x-abcdefa\xe9", "\xe9" * 32,
    "\u00df-\u00df", "\u4e2d\u6587-1", "x-\u4e2d\u6587", "\u0661", "x-\u0661", "\u2160", "x-\u2160", "\u02b0",
    "x-\u02b0-y", "\u01c5-x", "x-\u01c5", "e\u0301-x", "x-e\u0301", "\U0001d54f-1", "x-\U0001d54f", "\U0001f600",
    "x-\U0001f600-y", "\U00020000-\U00020000", "\u200d", "a\u200db", "\ufeffx", "\u2028", "\u2029", "\u3000", "\xad",
    "\xa0", "\ue000", "\U000e0001", "\U0010ffff", "\ufffd", "\ufffe", "\uffff", "\u0378", "\u061c", "\u0600",
    "\u180e", "\U000110bd", "\u20ac", "\u202e", "\u2060", "\ufdd0", "\x1f", "\x80", "\x9f", "\xff", "'\u20ac'",
    '"\u20ac"', "'\"\u20ac",
]

FLOATS = [
    0.0, -0.0, 1.0, -1.0, 1.5, 0.1, 0.2 + 0.1, 1e-4, 1e-5, 9.999e-5, 0.00012345, 1e15, 1e16, 1e17,
    123456789012345678.0, 9999999999999998.0, 9999999999999999.0, 1.2345e16, 1e22, 1e23, 1e100, 1e-100, 5e-324,
    2.2250738585072014e-308, 2e-308, 1.7976931348623157e308, math.pi, math.e, 2.0**53, 2.0**63, 2.0**64, 1 / 3,
    100.0, 1e5, 123.456, 5e-5, 1e-7, 4.35, 0.001, float("inf"), float("-inf"), float("nan"), 1e9, 12345678.9, 1e-323,
    6.02214076e23, 4503599627370497.5,
]

INTS = [
    0, 1, -1, 7, 127, 128, -32, -33, -128, -129, 255, 256, 32767, 32768, -32768, -32769, 65535, 65536, 2**31 - 1,
    2**31, -(2**31), -(2**31) - 1, 2**32 - 1, 2**32, 2**53 + 1, 2**63 - 1, 2**63, 2**64 - 1, -(2**63),
]

BYTES = [
    b"", b"x", b"x-1", b"hello-world-1", b"('x-2', 1)", HASH.encode(), b"'", b'"', b"'\"", b"\\",
    b"\n\r\t\x00\x1f\x7f\x80\xff", b"\xe9", "\xe9t\xe9-1".encode(), b"x-\xff", b"<a.b c>", b"(x-1,", b"\xed\xa0\x80",
]


def fuzz(rng):
    """Strings made of what the functions look at."""
    pieces = [
        "-", "-", "-", "x", "y", "ab", "_", "'", '"', "(", ")", "<", ">", ",", ".", " ", "1", "deadbeef", "database",
        "sumchunk", "\xe9", "\u4e2d", "\n", "\\", "\x1c", "\u2003", "\U0001d54f", "\u0301", "Z", HASH, UUID, "b'",
    ]
    return "".join(rng.choice(pieces) for _ in range(rng.randrange(1, 9)))


def any_text(rng):
    ranges = [
        (0, 0x80), (0, 0x80), (0x80, 0x250), (0x250, 0x3000), (0x3000, 0xD800), (0xE000, 0x10000),
        (0x10000, 0x20000), (0x20000, 0x110000),
    ]
    return "".join(chr(rng.randrange(*rng.choice(ranges))) for _ in range(rng.randrange(1, 7)))


def any_float(rng):
    if rng.random() < 0.5:
        return struct.unpack("<d", rng.getrandbits(64).to_bytes(8, "little"))[0]
    return rng.randrange(10 ** rng.randrange(1, 18)) * 10.0 ** rng.randrange(-25, 25)


def any_key(rng, depth=0):
    kind = rng.randrange(9 if depth < 4 else 6)
    if kind == 0:
        return rng.choice(NAMES)
    if kind == 1:
        return fuzz(rng)
    if kind == 2:
        return rng.choice(INTS) if rng.random() < 0.3 else rng.randrange(-1000, 1000)
    if kind == 3:
        return rng.choice(FLOATS)
    if kind == 4:
        return rng.choice(BYTES)
    if kind == 5:
        return rng.choice([None, True, False, any_text(rng)])
    return tuple(any_key(rng, depth + 1) for _ in range(rng.randrange(4)))


def corpus():
    rng = random.Random(20221201)
    yield from NAMES
    yield from FLOATS
    yield from INTS
    yield from BYTES
    yield from (None, True, False, (), ((),), (((),),), ("x",), ("x-1", 0), ("x-1", 0, 1))
    yield from (((("x-1", 0), 1), 2), (b"x-1", 0), ("x", 1.0, None, True, False, -0.0, 2**64 - 1, b"\x00"))
    yield from ((1, "x"), (None, 1), (1.5,), (True,), ("", 1), ((), 1))
    for name in NAMES + BYTES:
        yield (name, 0)
        yield ((name, 0), 1)
    for _ in range(900):
        yield fuzz(rng)
    for _ in range(300):
        yield (any_text(rng), rng.randrange(1000))
    for _ in range(500):
        yield (any_float(rng),)
    for _ in range(700):
        yield any_key(rng)


def attempt(function, key):
    try:
        name = function(key)
    except Exception:
        return None
    return name if isinstance(name, str) else str(name)


def answer():
    import dask
    import msgpack
    from dask.utils import key_split
    from distributed.utils import key_split_group

    rows = []
    seen = set()
    for key in corpus():
        token = msgpack.packb(key, use_bin_type=True).hex()
        if token not in seen:
            seen.add(token)
            # Through the cache, 1 == 1.0 == True would answer for each other.
            rows.append([token, str(key), attempt(key_split.__wrapped__, key), attempt(key_split_group, key)])
    release = ".".join(dask.__version__.split("+")[0].split(".")[:3])
    characters = {"unicode": unicodedata.unidata_version}
    for name in ("isprintable", "isalpha", "isspace"):
        characters[name] = toggles(lambda c, method=getattr(str, name): method(chr(c)))
    pairs = [[msgpack.packb(a).hex(), msgpack.packb(b).hex(), compare(a, b)] for a, b in key_pairs()]
    json.dump({"release": release, "characters": characters, "pairs": pairs, "rows": rows}, sys.stdout)


def compare(a, b):
    """-1, 0 or 1; null where Python does not compare such values."""
    try:
        return -1 if a < b else 1 if b < a else 0
    except TypeError:
        return None


def key_pairs():
    """Keys that often begin alike. NaN is left out: in a tuple it is equal to itself, alone it is not."""
    rng = random.Random(2024)
    values = [
        0, 1, 2, 10, -1, 1.0, 0.5, 2.5, 1e300, -1e300, float("inf"), 2**53, 2**53 + 1, 2.0**53, 2**63, 2.0**63,
        2**64 - 1, True, False, None, "", "a", "b", "ab", "\xe9", "\uffff", "\U0001f600", b"", b"a", b"\xff", (),
        ("a",),
    ]

    def key(depth):
        if depth == 0 or rng.random() < 0.3:
            return rng.choice(values)
        return tuple(key(depth - 1) for _ in range(rng.randrange(4)))

    def change(value):
        if isinstance(value, tuple) and value and rng.random() < 0.8:
            at = rng.randrange(len(value))
            return value[:at] + (change(value[at]),) + value[at + 1:] if rng.random() < 0.8 else value[:at]
        return rng.choice(values)

    for _ in range(700):
        first = key(3)
        yield first, change(first) if rng.random() < 0.7 else key(2)


def toggles(test):
    """The code points at which the answer changes; it begins with no."""
    return [c for c in range(0x110000) if test(c) != (c > 0 and test(c - 1))]


def run(command):
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)


def record(pythons):
    answers = [run([*python.split(), __file__, "--answer"]) for python in pythons]
    newest = answers.pop()
    releases = [a["release"] for a in answers] + [newest["release"]]
    print(f'{{"releases": {json.dumps(releases)}, "characters": {json.dumps(newest["characters"])},')
    print(f'"pairs": {json.dumps(newest["pairs"])},')
    print('"rows": [')
    for i, row in enumerate(newest["rows"]):
        others = {}
        for old in answers:
            assert old["rows"][i][0] == row[0]
            if old["rows"][i][1] != row[1]:
                print(f'{old["release"]} prints {row[0]} as {old["rows"][i][1]!a}, not {row[1]!a}', file=sys.stderr)
            if old["rows"][i][2:] != row[2:]:
                others[old["release"]] = old["rows"][i][2:]
        print("," if i else "", json.dumps([*row, others] if others else row, ensure_ascii=True), sep="")
    print("]}")


if __name__ == "__main__":
    if sys.argv[1:] == ["--answer"]:
        answer()
    elif sys.argv[1:]:
        record(sys.argv[1:])
    else:
        sys.exit(__doc__)
