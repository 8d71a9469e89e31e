"""Requests that no well-meaning program sends, byte by byte, and what may come back."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass

HEAD = b"Host: localhost\r\nConnection: close\r\n"
JSON, FORM = b"application/json", b"application/x-www-form-urlencoded"
LOGIN, SIGN_IN = b"/api/v1/auth/login", b"/sign-in"
DEPTH = 100_000

# What may come of a message: a refusal (4xx) or a closed connection; any answer that is no fault of ours; or that the
# server waits for the rest of it, as it should.
REFUSED, ANSWERED, AWAITED = "refused", "answered", "awaited"


@dataclass(frozen=True)
class Message:
    """Bytes for one connection. `half_close`: nothing more will come, and the server is told so."""

    name: str
    sent: bytes
    outcome: str = REFUSED
    half_close: bool = False
    answers: int = 1  # at least, where it is to be answered


def everything() -> Iterator[Message]:
    yield from request_lines()
    yield from headers()
    yield from lengths()
    yield from texts()
    yield from addresses()
    yield from json_bodies()
    yield from forms()
    yield from odd_but_right()


def get(path: bytes, more: bytes = b"") -> bytes:
    return b"GET " + path + b" HTTP/1.1\r\n" + HEAD + more + b"\r\n"


def post(path: bytes, body: bytes, kind: bytes = JSON, more: bytes = b"") -> bytes:
    length = b"Content-Length: %d\r\n" % len(body)
    return (
        b"POST " + path + b" HTTP/1.1\r\n" + HEAD + b"Content-Type: " + kind + b"\r\n" + more + length + b"\r\n" + body
    )


def request_lines() -> Iterator[Message]:
    yield Message("a TLS hello", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 40)
    yield Message("no version", b"GET /\r\n\r\n")
    yield Message("a version that does not exist", b"GET / HTTP/9.9\r\n" + HEAD + b"\r\n")
    yield Message("only spaces", b" " * 100 + b"\r\n\r\n")
    yield Message("a method with a sign in it", b"B@D / HTTP/1.1\r\n" + HEAD + b"\r\n")
    yield Message("a method of 10,000 letters", b"A" * 10_000 + b" / HTTP/1.1\r\n" + HEAD + b"\r\n")
    yield Message("a method of nobody's", b"FETCH /api/v1/me HTTP/1.1\r\n" + HEAD + b"\r\n")
    yield Message("TRACE", b"TRACE /api/v1/me HTTP/1.1\r\n" + HEAD + b"\r\n")
    yield Message("CONNECT", b"CONNECT localhost:22 HTTP/1.1\r\n" + HEAD + b"\r\n")
    yield Message("a space in the address", b"GET /rooms /x HTTP/1.1\r\n" + HEAD + b"\r\n")
    yield Message("nothing but empty lines", b"\r\n" * 50, AWAITED)
    yield Message("half a request line", b"GET /rooms", AWAITED)
    yield Message("half a header", b"GET / HTTP/1.1\r\nHost: local", AWAITED)
    yield Message("a header that never ends", b"GET / HTTP/1.1\r\nHost: localhost\r\nX-A: 1\r\n", AWAITED)


def headers() -> Iterator[Message]:
    for path in (b"/api/v1/health", b"/"):
        line = b"GET " + path + b" HTTP/1.1\r\n"
        end = b"Connection: close\r\n\r\n"
        where = f" ({path.decode()})"
        yield Message("a header of 2 MB" + where, line + b"Host: a\r\nX-A: " + b"a" * 2_000_000 + b"\r\n" + end)
        yield Message(
            "5,000 headers" + where, line + HEAD + b"".join(b"X-%d: a\r\n" % n for n in range(5000)) + b"\r\n"
        )
        yield Message("a space before the colon" + where, line + b"Host : a\r\n" + end)
        yield Message("a folded header" + where, line + b"Host: a\r\n folded\r\n" + end)
        yield Message("a header without a colon" + where, line + HEAD + b"nonsense\r\n\r\n")
        yield Message("a header without a name" + where, line + HEAD + b": nonsense\r\n\r\n")
        yield Message("NUL in a header" + where, line + HEAD + b"X-A: a\x00b\r\n\r\n")
        yield Message("no host" + where, line + end)
        yield Message("two hosts" + where, line + b"Host: a\r\nHost: b\r\n" + end)
        yield Message("a host that is none" + where, line + b'Host: a b/\\"<\r\n' + end)
        yield Message("a host with a long part" + where, line + b"Host: " + b"a" * 64 + b".example\r\n" + end)
        for host in (
            b"-",
            b"..",
            b".a",
            b"a..b",
            b"[::1",
            b"xn--",
            b"xn--a" + b"z" * 58,
            b"1.2.3.4:99999",
            b"a:b",
            b"a" * 300,
        ):
            yield Message(f"host {host.decode()[:9]}" + where, line + b"Host: " + host + b"\r\n" + end, ANSWERED)
        yield Message("a host that is no text" + where, line + b"Host: \xff\xfe\r\n" + end)
        yield Message("a host that is none, and a referrer" + where, line + b"Host: \r\nReferer: http://x/\r\n" + end)


def lengths() -> Iterator[Message]:
    for path, kind in ((LOGIN, JSON), (SIGN_IN, FORM)):
        start = b"POST " + path + b" HTTP/1.1\r\n" + HEAD + b"Content-Type: " + kind + b"\r\n"
        where = f" ({path.decode()})"
        for length in (b"-5", b"ten", b"+2", b"0x2", b"2 2", b"", b"1" * 30):
            yield Message(
                f"Content-Length: {length.decode()[:9]}" + where, start + b"Content-Length: " + length + b"\r\n\r\n{}"
            )
        yield Message("two lengths" + where, start + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}}")
        yield Message("a length of 10 GB" + where, start + b"Content-Length: 9999999999\r\n\r\n{}")
        yield Message("less than announced" + where, start + b"Content-Length: 99\r\n\r\n{}", half_close=True)
        chunked = start + b"Transfer-Encoding: chunked\r\n"
        yield Message("length and chunks" + where, chunked + b"Content-Length: 4\r\n\r\n0\r\n\r\n")
        yield Message("chunks of garbage" + where, chunked + b"\r\nzz\r\n{}\r\n0\r\n\r\n")
        yield Message("a chunk of 2^72" + where, chunked + b"\r\nffffffffffffffffff\r\n{}\r\n0\r\n\r\n")
        yield Message("a negative chunk" + where, chunked + b"\r\n-1\r\n{}\r\n0\r\n\r\n")
        yield Message("chunks that stop" + where, chunked + b"\r\n5\r\n{}", half_close=True)
        yield Message(
            "2 MB in chunks" + where, chunked + b"\r\n" + b"1000\r\n%b\r\n" % (b"a" * 4096) * 512 + b"0\r\n\r\n"
        )
        yield Message("2 MB" + where, post(path, b"a" * 2_000_000, kind))
        yield Message("an encoding of nobody's" + where, start + b"Transfer-Encoding: banana\r\n\r\n")
        yield Message("chunked twice" + where, chunked + b"Transfer-Encoding: identity\r\n\r\n0\r\n\r\n")
        yield Message("a request inside a body" + where, chunked + b"\r\n0\r\n\r\nGET /api/v1/me HTTP/1.1\r\n\r\n")


BROKEN = {
    "no UTF-8": b"%ff%fe",
    "half a letter": b"%e2%82",
    "a lone surrogate": b"%ed%a0%80",
    "NUL": b"%00",
    "too long a letter": b"%c0%af",
}


def texts() -> Iterator[Message]:
    """Text that is none: in paths, queries, headers, cookies."""
    stay = b"checkIn=2031-01-01&checkOut=2031-01-03"
    for name, text in BROKEN.items():
        for path in (b"/rooms/", b"/bookings/", b"/api/v1/", b"/static/", b"/reset-password/", b"/demo/mails/"):
            outcome = (
                ANSWERED if path in {b"/bookings/", b"/reset-password/", b"/demo/mails/"} else REFUSED
            )  # to the sign-in page
            yield Message(f"{name} in {path.decode()}", get(path + text), outcome)
        yield Message(f"{name} in a search", get(b"/rooms?location=" + text + b"&" + stay))
        yield Message(f"{name} in words", get(b"/rooms?q=" + text + b"&" + stay), ANSWERED)
        yield Message(f"{name} in a name", get(b"/?" + text + b"=1"), ANSWERED)
        yield Message(f"{name} in the API's search", get(b"/api/v1/rooms?q=" + text + b"&" + stay))
        yield Message(f"{name} in a form", post(SIGN_IN, b"email=" + text + b"&password=" + text, FORM))
        yield Message(f"{name} in the way back", get(b"/sign-in?next=" + text), ANSWERED)
    yield Message("bytes in a path", get(b"/\xff\xfe\x80"))
    yield Message("a control character in a path", get(b"/rooms/\x01\x7f"))
    for header in (b"Authorization: Bearer ", b"Authorization: ", b"Authorization: Basic "):
        yield Message(f"bytes in {header.decode()}", get(b"/api/v1/me", header + b"\xff\xfe\x80\r\n"))
    for header in (
        b"Cookie: session=",
        b"Accept-Language: ",
        b"X-Request-Id: ",
        b"Referer: ",
        b"HX-Request-Type: ",
        b"Accept: ",
    ):
        for value in (b"\xff\xfe\x80", b"a=%00;" * 500, b"\xed\xa0\x80" * 300, b";q=banana,*;q=-1"):
            yield Message(f"{value[:6]!r} in {header.decode()}", get(b"/bookings", header + value + b"\r\n"), ANSWERED)


def addresses() -> Iterator[Message]:
    yield Message("an address of 100,000 bytes", get(b"/?q=" + b"a" * 100_000))
    yield Message("an address of 60,000 bytes", get(b"/?q=" + b"a" * 60_000), ANSWERED)
    yield Message("20,000 parameters", get(b"/rooms?" + b"&".join([b"a=1"] * 12_000)), ANSWERED)
    for path in (
        b"/static/../../etc/passwd",
        b"/static/%2e%2e/%2e%2e/wsgi.py",
        b"/static/..%5c..%5cwsgi.py",
        b"//evil.example/",
    ):
        yield Message(f"out of the house: {path.decode()}", get(path))
    for path in (
        b"/demo/mails/..%2f..%2fkeys.json",
        b"/sitemap-rooms-99999999999999999999.xml",
        b"/api/v1/rooms/" + b"room_" * 9000,
    ):
        yield Message(f"nothing there: {path.decode()[:32]}", get(path))
    for page in (b"-1", b"99999999999999999999", b"1e5", b"0x1", b"%D9%A1"):
        yield Message(f"page {page.decode()}", get(b"/api/v1/bookings?page=" + page))


def json_bodies() -> Iterator[Message]:
    bodies = {
        "lists without end": b"[" * DEPTH,
        "objects without end": b'{"a":' * DEPTH,
        "100,000 lists": b"[" * DEPTH + b"]" * DEPTH,
        "100,000 lists in a field": b'{"email":' + b"[" * DEPTH + b"]" * DEPTH + b"}",
        "100,000 digits": b'{"email":' + b"9" * DEPTH + b"}",
        "a number beyond all floats": b'{"email":1e999999999,"password":-1e400}',
        "lone surrogates": rb'{"email":"\ud800@example.com","password":"\udfff"}',
        "NUL": rb'{"email":"a\u0000@example.com","password":"\u0000"}',
        "no UTF-8": b'{"email":"\xff\xfe"}',
        "UTF-16": json.dumps({"email": "a"}).encode("utf-16"),
        "a byte order mark": b"\xef\xbb\xbf{}",
        "NaN": b'{"email":NaN,"password":Infinity}',
        "a name twice": b'{"email":1,"email":2}',
        "nothing": b"",
        "a list": b"[]",
        "null": b"null",
        "text after the end": b"{}{}",
        "a single quote": b"{'email': 'a'}",
    }
    for path in (LOGIN, b"/api/v1/auth/register", b"/api/v1/auth/refresh", b"/api/v1/bookings"):
        for name, body in bodies.items():
            yield Message(f"{name} in {path.decode()}", post(path, body))
    yield Message("a charset of nobody's", post(LOGIN, b"{}", JSON + b"; charset=banana"))
    yield Message("gzip that is none", post(LOGIN, b"{}", JSON, b"Content-Encoding: gzip\r\n"))
    yield Message("an expectation of nobody's", post(LOGIN, b"{}", JSON, b"Expect: 200-banana\r\n"))


def forms() -> Iterator[Message]:
    multipart = b"multipart/form-data"
    yield Message("50,000 fields", post(SIGN_IN, b"&".join(b"a%d=1" % n for n in range(50_000)), FORM))
    yield Message(
        "a part without a name",
        post(SIGN_IN, b"--x\r\nContent-Disposition: form-data\r\n\r\na\r\n--x--\r\n", multipart + b"; boundary=x"),
    )
    yield Message("half a part", post(SIGN_IN, b"--x\r\nContent-Dis", multipart + b"; boundary=x"))
    yield Message("no boundary", post(SIGN_IN, b"--x\r\nContent-Dis", multipart))
    yield Message("a boundary of 10,000", post(SIGN_IN, b"--x", multipart + b"; boundary=" + b"x" * 10_000))
    parts = b"".join(b'--x\r\nContent-Disposition: form-data; name="%d"\r\n\r\na\r\n' % n for n in range(5000))
    yield Message("5,000 parts", post(SIGN_IN, parts + b"--x--\r\n", multipart + b"; boundary=x"))
    for path in (
        b"/register",
        b"/forgot-password",
        b"/sign-out",
        b"/account/profile",
        b"/rooms/x/reserve",
        b"/checkout/x",
    ):
        yield Message(f"JSON for {path.decode()}", post(path, b'{"a": 1}'), ANSWERED)


def odd_but_right() -> Iterator[Message]:
    """Unusual, and nothing wrong with it: these are answered."""
    yield Message("HTTP/1.0 without a host", b"GET /api/v1/health HTTP/1.0\r\n\r\n", ANSWERED)
    yield Message("line feeds alone", b"GET /api/v1/health HTTP/1.1\nHost: a\nConnection: close\n\n", ANSWERED)
    yield Message("a header of 100 kB", get(b"/api/v1/health", b"X-A: " + b"a" * 100_000 + b"\r\n"), ANSWERED)
    yield Message("a half-closed connection", get(b"/api/v1/health"), AWAITED, half_close=True)
    yield Message("a half-closed connection with a body", post(LOGIN, b"{}"), AWAITED, half_close=True)
    ranges = b"Range: bytes=0-0," + b"1-1," * 1000 + b"\r\n"
    yield Message("a thousand ranges", get(b"/static/app.css", ranges), ANSWERED)
    yield Message("a range from beyond the end", get(b"/static/app.css", b"Range: bytes=99999999-\r\n"), ANSWERED)
    yield Message("no date", get(b"/static/app.css", b"If-Modified-Since: yesterday\r\n"), ANSWERED)
    kept_open = b"GET /api/v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n"
    yield Message("a thousand requests at once", kept_open * 999 + get(b"/api/v1/health"), ANSWERED, answers=1000)
    pages = b"GET /robots.txt HTTP/1.1\r\nHost: localhost\r\n\r\n"
    yield Message("a hundred pages at once", pages * 99 + get(b"/robots.txt"), ANSWERED, answers=100)


GOOD = [
    get(b"/"),
    get(b"/rooms?location=tel-aviv&checkIn=2031-01-01&checkOut=2031-01-03&guests=2"),
    get(b"/api/v1/rooms?checkIn=2031-01-01&checkOut=2031-01-03", b"Authorization: Bearer abc.def.ghi\r\n"),
    get(b"/sign-in?next=/bookings", b"Cookie: session=abc\r\nAccept-Language: de, en;q=0.5\r\n"),
    post(LOGIN, b'{"email": "guest@example.com", "password": "not this one"}'),
    post(b"/api/v1/auth/register", b'{"email": "new@example.com", "password": "short", "fullName": "N"}'),
    post(SIGN_IN, b"email=guest%40example.com&password=wrong&csrf_token=x", FORM),
    post(
        SIGN_IN,
        b'--x\r\nContent-Disposition: form-data; name="email"\r\n\r\na\r\n--x--\r\n',
        b"multipart/form-data; boundary=x",
    ),
]
PIECES = [
    b"\x00",
    b"\xff",
    b"\r\n",
    b"\n",
    b" ",
    b":",
    b"%",
    b"%00",
    b"%ff",
    b"\\u0000",
    b'"',
    b"{",
    b"[",
    b"-1",
    b"9" * 30,
    b"chunked",
    b"\xed\xa0\x80",
]


def good() -> Iterator[Message]:
    """What the mutations begin with, as it is."""
    yield from (Message(f"a good request: {sent!r}", sent, ANSWERED) for sent in GOOD)


def mutated(chance: random.Random) -> Message:
    """A good request with up to six small accidents; whatever it has become, it is no reason for a fault."""
    message = bytearray(chance.choice(GOOD))
    for _ in range(chance.randint(1, 6)):
        place = chance.randrange(len(message) or 1)
        accident = chance.randrange(5)
        if accident == 0:
            message[place : place + 1] = bytes([chance.randrange(256)])
        elif accident == 1:
            message[place:place] = chance.choice(PIECES)
        elif accident == 2:
            del message[place : place + chance.randint(1, 20)]
        elif accident == 3:
            message[place:place] = message[place : place + chance.randint(1, 60)] * chance.randint(1, 40)
        else:
            del message[place:]
    return Message(f"a mutation: {bytes(message)!r}", bytes(message), AWAITED)
