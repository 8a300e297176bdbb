#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares canonical-many with json, hashlib and repr() of this Python; prints TAP.

against-python.py PATH-OF-canonical-many
CR_DIFFERENTIAL_DOCUMENTS (default 20000) and CR_DIFFERENTIAL_DOUBLES (default 150000) set how much, CR_DIFFERENTIAL_SEED where to begin.
"""
import hashlib
import json
import os
import random
import struct
import subprocess
import sys
import unicodedata

PROGRAM = sys.argv[1]
DOCUMENTS = int(os.environ.get("CR_DIFFERENTIAL_DOCUMENTS", "20000"))
DOUBLES = int(os.environ.get("CR_DIFFERENTIAL_DOUBLES", "150000"))
SEED = int(os.environ.get("CR_DIFFERENTIAL_SEED", "20260224"))
MASK = ("event_time", "data_lag_sec")
DEPTH_MAX = 990


def run(way, documents):
    """[(good, bytes)] of canonical-many"""
    source = b"".join(struct.pack("<I", len(d)) + d for d in documents)
    done = subprocess.run([PROGRAM, way], input=source, stdout=subprocess.PIPE, check=True)
    answers, at = [], 0
    while at < len(done.stdout):
        length = struct.unpack_from("<I", done.stdout, at + 1)[0]
        answers.append((done.stdout[at:at + 1] == b"+", done.stdout[at + 5:at + 5 + length]))
        at += 5 + length
    assert len(answers) == len(documents), (len(answers), len(documents))
    return answers


def python(document, mask=MASK):
    """What Python gives, or None if it refuses"""
    try:
        value = json.loads(document)
    except (ValueError, RecursionError):
        return None
    if isinstance(value, dict):
        for key in mask:
            value.pop(key, None)
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def readable(canonical):
    """The form with lines of a canonical text: json's own, and escaped what cannot be shown or would turn the line around"""
    text = json.dumps(json.loads(canonical), indent=2, ensure_ascii=False)
    out = []
    for c in text:
        hidden = "\x7f" <= c < "\xa0" or "\ud800" <= c <= "\udfff" or c in "\u2028\u2029" \
            or (unicodedata.category(c) == "Cf" and c not in "\u200c\u200d")
        out.append(json.dumps(c)[1:-1] if hidden else c)
    return "".join(out).encode() + b"\n"


# ---- documents -------------------------------------------------------------------------------------------------------------------

KEYS = ["a", "b", "B", "_", "", "é", "\uffff", "\U00010000", "event_time", "data_lag_sec", "tx_id", "a\0", "a\0b", "~", "/", "10", "9",
        "\ud800", "\udc00", "\u2028", "\x7f", "zz" * 20]
CHARACTERS = ["x", "0", " ", "\"", "\\", "/", "\b", "\f", "\n", "\r", "\t", "\0", "\x1f", "\x7f", "\x80", "é", "\u07ff", "\u0800",
              "\u200d", "\u2028", "\u202e", "\ud7ff", "\U000e0001", "\ud800", "\udbff", "\udc00", "\udfff", "\ue000", "\uffff", "\U00010000", "\U0001f680", "\U0010ffff"]


def number(r):
    kind = r.randrange(12)
    if kind == 0:
        return r.choice(["0", "-0", "-0.0", "0.0", "1e400", "-1e400", "NaN", "Infinity", "-Infinity", "1E5", "1e+5", "0e0", "-0e-0",
                         "100.0", "100.00", "1e16", "9999999999999998.0", "5e-324", "2.4703282292062327e-324", "2.4703282292062328e-324",
                         "1.7976931348623158e308", "1.7976931348623159e308", "0.1", "0.10000000000000001", "0.0001", "0.00001", "-0.00012", "0.000010", "9007199254740993.0",
                         "9007199254740992.5", "1000000000000000.25", "2.2250738585072011e-308", "123456789012345678901234567890.0"])
    if kind == 1:
        return str(r.randint(-10 ** r.randrange(1, 40), 10 ** r.randrange(1, 40)))
    if kind == 2:
        return repr(struct.unpack("<d", r.randbytes(8))[0]).replace("nan", "NaN").replace("inf", "Infinity")
    if kind == 3:
        return "%.*f" % (r.randrange(0, 30), r.uniform(-1e6, 1e6))
    if kind == 4:
        return "%.*e" % (r.randrange(0, 30), r.uniform(-1, 1) * 10.0 ** r.randrange(-300, 300))
    if kind == 5:  # around the middle between two doubles
        m = r.getrandbits(53) * 2 + 1
        text = str(m * 2 ** r.randrange(0, 12)) if r.random() < .5 else "%d.5" % (m // 2 + 2 ** 52)
        return (text if "." in text else text + ".0") + r.choice(["", "0", "000001"])
    if kind == 6:
        return r.choice(["", "-"]) + "0." + "0" * r.randrange(0, 330) + str(r.getrandbits(r.randrange(1, 80)))
    if kind == 7:
        return str(r.getrandbits(r.randrange(1, 120))) + "e" + r.choice(["", "+", "-", "-0", "00"]) + str(r.randrange(0, 360))
    if kind == 8:
        return "%.2f" % r.uniform(-1000, 1000)
    if kind == 9:
        return "%d.%s" % (r.randrange(10 ** 6), "0" * r.randrange(1, 25))
    if kind == 10:
        return r.choice(["1" * 4300, "1" * 4301, "-" + "9" * 4300, "1" * 5000 + ".5", "0." + "3" * 2000]) if r.random() < .05 else "7"
    return str(r.randrange(1000))


def string(r, value):
    out = ['"']
    for c in value:
        kind = r.randrange(4)
        if c in '"\\' or ord(c) < 0x20:
            short = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(c)
            out.append(short if short and kind else "\\u%04x" % ord(c))
        elif kind == 0 and ord(c) < 0x10000:
            out.append("\\u" + r.choice(["%04x", "%04X"]) % ord(c))
        elif kind == 1 and ord(c) >= 0x10000:
            n = ord(c) - 0x10000
            out.append("\\u%04x\\u%04X" % (0xd800 + (n >> 10), 0xdc00 + (n & 0x3ff)))
        elif kind == 2 and c == "/":
            out.append("\\/")
        else:
            out.append(c)
    return "".join(out) + '"'


def space(r):
    return r.choice(["", "", "", "", " ", "\n", "\t\r\n "])


def value(r, depth):
    kind = r.randrange(10 if depth < 6 else 6)
    if kind < 2:
        return number(r)
    if kind == 2:
        return r.choice(["true", "false", "null"])
    if kind < 6:
        if r.random() < .6:
            return string(r, r.choice(["", "x", "SETTLED", "2026-02-24T17:13:50Z", "plain text of some length without anything to escape"]))
        return string(r, "".join(r.choice(CHARACTERS) for _ in range(r.randrange(0, 12))))
    if kind < 8:
        items = [space(r) + value(r, depth + 1) + space(r) for _ in range(r.randrange(0, 6))]
        return "[" + (",".join(items) or space(r)) + "]"
    members = [space(r) + string(r, r.choice(KEYS)) + space(r) + ":" + space(r) + value(r, depth + 1) + space(r)
               for _ in range(r.randrange(0, 7))]
    return "{" + (",".join(members) or space(r)) + "}"


def document(r):
    text = space(r) + value(r, 0 if r.random() < .8 else 5) + space(r)
    data = text.encode("utf-8", "surrogatepass")
    kind = r.randrange(20)
    if kind == 0:
        data = text.encode(r.choice(["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be", "utf-16", "utf-32"]), "surrogatepass")
    elif kind == 1:
        data = b"\xef\xbb\xbf" + data
    elif kind < 7 and data:  # broken at one place, most of the time into something that is no JSON
        at = r.randrange(len(data))
        data = r.choice([
            lambda: data[:at], lambda: data[:at] + data[at + 1:], lambda: data[:at] + r.randbytes(1) + data[at + 1:],
            lambda: data[:at] + r.choice([b'"', b"\\", b",", b":", b"[", b"]", b"{", b"}", b"0", b"-", b".", b"e", b"\0", b"\xff",
                                          b"\xed\xa0\x80", b"\xc0\x80", b"\xf4\x90\x80\x80", b"u", b"N", b"\xef\xbb\xbf", b"//"]) + data[at:],
            lambda: data[:at] + data[at:at + 8] + data[at:]])()
    return data


FIXED = [b"", b" ", b"[", b"]", b"{", b"[1", b"[1,", b"[1,]", b"[,1]", b"{}", b"[]", b"{\"a\"", b"{\"a\":", b"{\"a\":1", b"{\"a\":1,", b"{\"a\":1,}", b"{,}",
         b"{1:2}", b"{'a':1}", b"\"", b"\"\\", b"\"\\u", b"\"\\u1", b"\"\\u12", b"\"\\u123", b"\"\\u1234", b"\"\\ud800\\u\"", b"\"\\ud800\\udc0\"",
         b"\"\\ud800\\n\"", b"\"\\ud800\\ud800\\udc00\"", b"\"\\udc00\\ud800\"", b"\"\\x41\"", b"\"\\U0041\"", b"\"\\u00g1\"", b"\"\\u+123\"", b"\"\\u 123\"",
         b"-", b"+1", b"01", b"-01", b"1.", b".5", b"1e", b"1e+", b"1.e5", b"0x10", b"1_000", b"-NaN", b"+Infinity", b"Infinit", b"nan", b"nul",
         b"nullx", b"truefalse", b"[1 2]", b"[1][2]", b"1 2", b"\x0c1", b"\xc2\xa01", b"\xe3\x80\x801", b"[1]\0", b"\0", b"\0\0", b"1\0", b"\x001",
         b"1\0\0\0", b"\0\0\x001", b"\xff\xfe", b"\xfe\xff", b"\xff\xfe1\0", b"\xfe\xff\x001", b"\xff\xfe\0\0" b"1\0\0\0", b"\0\0\xfe\xff\0\0\x001",
         b"\xff\xfe1", b"\xef\xbb\xbf", b"\xef\xbb\xbf1", b"\xef\xbb\xbf\xef\xbb\xbf1", b"\xef\xbb1", b"\"\xed\xa0\x80\"", b"\"\xed\xa0\x80\xed\xb0\x80\"",
         b"\"\xed\xa0\x80\\udc00\"", b"\"\\ud800\xed\xb0\x80\"", b"{\"\xed\xa0\x80\xed\xb0\x80\":1,\"\xf0\x90\x80\x80\":2,\"\xef\xbf\xbf\":3}",
         b"\"\xc0\x80\"", b"\"\xe0\x80\x80\"", b"\"\xf0\x80\x80\x80\"", b"\"\xf5\x80\x80\x80\"", b"\"\x80\"", b"\"\xc3\"", b"\"\xe2\x82\"",
         b"\"\t\"", b"\"a\nb\"", b"\"\x7f\"", b"{\"a\":1,\"a\":2}", b"{\"a\":{\"b\":1},\"a\":{\"c\":2}}", b"{\"a\":01,\"a\":2}", b"{\"event_time\":1}",
         b"{\"event_time\":x}", b"{\"\\u0065vent_time\":1,\"b\":2}", b"[{\"event_time\":1}]", b"{\"a\":{\"event_time\":1}}",
         b"\"\\u0000\"", b"{\"data_lag_sec\":1,\"event_time\":2,\"event_timf\":3,\"event_tim\":4}"]


def fixed_documents():
    yield from FIXED
    for n in (1, 250, DEPTH_MAX, DEPTH_MAX - 1):
        yield b"[" * n + b"]" * n
        yield b'{"k":' * n + b"1" + b"}" * n
    for n in (100000, 1000000):
        yield b"[" * n
        yield b'{"k":' * n
        yield b"[" * n + b"]" * n


def check_documents(way, documents):
    for given, (good, answer) in zip(documents, run(way, documents)):
        expected = python(given, () if way == "node" else MASK)
        if way == "pretty" and expected is not None:
            if python(expected, ()) != expected:
                continue  # two keys that differ only in being halves of a pair or the pair: written, they are one
            expected = readable(expected)
        if way == "hash" and expected is not None:
            expected = hashlib.sha256(expected).hexdigest().encode()
        if good != (expected is not None) or (good and answer != expected):
            return "%s: of %r Python makes %r, we %r" % (way, given[:300], expected and expected[:300], answer[:300])
    return None


# ---- doubles -------------------------------------------------------------------------------------------------------------------

def doubles(r):
    for bits in range(2046):  # all powers of two, and their neighbours
        for off in (-1, 0, 1):
            if bits << 52 or off >= 0:
                yield (bits << 52) + off
    for bits in range(52):
        yield 1 << bits
    for exponent in range(-345, 310):  # all powers of ten, and their neighbours
        for digit in range(1, 10):
            near = struct.unpack("<Q", struct.pack("<d", float("%de%d" % (digit, exponent))))[0]
            yield from (near, near + 1, max(near - 1, 0))
    yield from (0, 1, 2, 0x7ff << 52, 1 << 63, (0x7ff << 52) - 1)
    for _ in range(DOUBLES // 2):
        yield r.getrandbits(64)
    for _ in range(DOUBLES // 4):  # few digits
        yield struct.unpack("<Q", struct.pack("<d", r.randrange(10 ** r.randrange(1, 18)) / 10 ** r.randrange(0, 23)))[0]
    for _ in range(DOUBLES // 4):  # whole numbers
        yield struct.unpack("<Q", struct.pack("<d", float(r.getrandbits(r.randrange(1, 70)))))[0]


def check_doubles(r):
    given = [struct.pack("<Q", bits) for bits in doubles(r)]
    for data, (_, answer) in zip(given, run("double", given)):
        expected = json.dumps(struct.unpack("<d", data)[0]).encode()
        if answer != expected and expected != b"NaN":
            return "of %s Python makes %r, we %r" % (data.hex(), expected, answer)
    # and the way back: 17 digits, and more than a double holds
    texts = []
    for data in given[:len(given) // 3]:
        number = struct.unpack("<d", data)[0]
        if number == number and abs(number) != float("inf"):
            texts.append(("%.*e" % (r.choice([16, 16, 17, 18, 19, 25]), number)).encode())
    return check_documents("bytes", texts)


# ---- digests -----------------------------------------------------------------------------------------------------------------

def check_all_ways(documents, ways):
    for way in ways:
        problem = check_documents(way, documents)
        if problem:
            return problem
    return None


def check_large(way, documents):
    if sum(python(d) is not None for d in documents) < 8:
        return "too few of the large documents are good"
    return check_documents(way, documents)


def check_digests(r, way):
    given = [r.randbytes(n) for n in list(range(0, 300)) + [1023, 1024, 4095, 65536, 100001]] + [bytes(1 << 20)]
    for data, (_, answer) in zip(given, run(way, given)):
        if answer.decode() != hashlib.sha256(data).hexdigest():
            return "of %d bytes hashlib makes another digest" % len(data)
    return None


# ---- large documents: what is hashed in passing must be the same -------------------------------------------------------------

def large_documents(r):
    def item(i, size):
        return '{"zz":%s,"id":%d,"price":%s,"a":{"y":[1,2.50,{"q":0,"b":"%s"}],"x":null}}' % (
            "1" if i % 7 else number(r)[:300], i, "%.2f" % r.uniform(0, 1000), "é\\u0000" * (i % 3) + "x" * size)
    items = ",\n  ".join(item(i, i % 90) for i in range(6500))
    big = "[" + items + "]"
    yield big
    yield '{"z":%s,"event_time":%s,"b":1,"\\u0061":2,"é":%s,"z":3}' % (big, big, big)
    yield '{"z":1,"y":%s,"z":%s}' % (big, big[:-1] + "]")
    yield '{"z":1,"event_time":%s,"a":0}' % (big[:-1])        # broken in what is left out
    yield '{"z":%s,"z":1}' % (big[:-2] + "]]")                 # broken in what is overridden
    yield '{"k":' * 12 + '{"b":%s,"a":%s}' % (big, big) + "}" * 12
    yield '[{"k":' * 12 + '{"b":%s,"a":%s}' % (big, big) + "}]" * 12
    yield '{"b":"%s","a":"%s"}' % ("x" * 3000000, "é\\ud800\\n" * 300000)
    yield "{" + ",".join('"%s":%d' % (format(i * 7919 % 200000, "x"), i) for i in range(200000)) + "}"
    yield '{"a":' + big + ',"\\ud800":1,"\\ud800\\udc00":2,"\uffff":3,"a\\u0000":4}'
    yield '{"b":1,"a":%s,"\\x":1}' % big                     # a bad key behind
    yield '{"b":1,"a":%s,"c":[}]}' % big                       # brackets that cross
    yield '{"b":1,"a":%s,"c":"' % big
    yield '{"b":%s,"a":1"x"}' % big                            # two values where one belongs
    for cut in range(7):
        yield ('{"b":%s,"a":%s}' % (big, big))[:r.randrange(3000000)]


def main():
    r = random.Random(SEED)
    checks = []
    fixed = list(fixed_documents())
    for way in ("bytes", "node", "hash", "pretty"):
        checks.append(("fixed documents: %s" % way, lambda way=way: check_documents(way, fixed)))
    for start in range(0, DOCUMENTS, 10000):
        some = min(10000, DOCUMENTS - start)
        # the same documents for all ways: making them takes the longest
        checks.append(("%d documents from %d" % (some, start), lambda start=start, some=some: check_all_ways(
            [document(r) for _ in range(some)], ("bytes",) if start else ("bytes", "node", "hash", "pretty"))))
    large = [d.encode("utf-8", "surrogatepass") for d in large_documents(r)]
    for way in ("bytes", "hash"):
        checks.append(("large documents: %s" % way, lambda way=way: check_large(way, large)))
    for way in ("sha256", "sha256-portable"):
        checks.append((way, lambda way=way: check_digests(r, way)))
    checks.append(("doubles", lambda: check_doubles(r)))
    print("1..%d" % len(checks), flush=True)
    print("# seed %d" % SEED)
    bad = 0
    for i, (name, check) in enumerate(checks, 1):
        problem = check()
        if problem:
            bad += 1
            print("# " + problem.replace("\n", "\\n"))
        print("%s %d %s" % ("not ok" if problem else "ok", i, name), flush=True)
    return 1 if bad else 0


sys.exit(main())
