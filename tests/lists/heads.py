"""Sends each request of http_desync_guardian's lists to the running server, as raw bytes.

Usage: heads.py PATH-OF-THE-SERVER-BINARY FOLDER-OF-THE-LISTS

The lists say how safe it is to forward each request: compliant, acceptable, ambiguous or severe. For all of
them, one thing holds here: **a connection gets one response, with `Connection: close`, and then ends; the server
never reads the bytes after a head as another request.** So the test sends each request alone, with a second
request after it, and with a second request after the end of an empty chunked body. The server neither answers nor
counts the second.

Then the verdict. None of their targets exists: 404 means that the server read the head, anything else that it
refused it. It must refuse what the lists call ambiguous or severe, and read the rest, except for the differences
listed here, which docs/differences.md explains. Their requests name no host, which alone would be a reason to
refuse them (RFC 9112 §3.2), so the test adds one.
"""

import collections
import pathlib
import re
import socket
import sys

import yaml

from server import TIMEOUT, running

TO_BE_READ = {"Compliant": True, "Acceptable": True, "Ambiguous": False, "Severe": False}

SECOND = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
SUFFIXES = [b"", SECOND, b"0\r\n\r\n" + SECOND]

# Where our verdict differs: a row of this document, and the names of these requests in the lists.
DOCUMENT = pathlib.Path(__file__).resolve().parents[2] / "docs" / "differences.md"
DIFFERENCES = {
    "similar name": [  # the only ones that we read and they refuse
        "Transfer_Encoding with underscore.",
        "Content_Length with underscore.",
        "Transfer-Encoding with multiple hyphens",
        "Transfer-Encoding with multiple delimiters",
    ],
    "name that is no token": [
        "No TE/CL headers, some others are non-compliant",
        "TE and some others are non-compliant",
        "CL and some others are non-compliant",
        "A non-essential header with a non-printable character (x01)",
        r"Some-Header\x01",
        r"\x01Some-Header",
    ],
    "control character": [
        r"Some-Header: \x01value",
        r"Some-Header: value\x01",
    ],
    "version": [
        "Non-RFC, but OK HTTP/0.9",
        "Empty version, which means HTTP/0.9",
        "Unknown but OK HTTP/1.2",
        "Extra spaces in version",
    ],
    "transfer coding": [
        "Correct TE OK",
        "TE with custom parameters OK",
        "Transfer-Encoding: identity and chunked OK",
        "Multiple transfer encoding headers in a single request OK",
        "Different Transfer-Encoding headers",
        "Different Transfer-Encoding headers combined",
        "Transfer-Encoding with a param: chunked;custom_param",
    ],
    "target": [
        "Compliant URL",
        "International in URI",
        "Empty URI",
        "[space] in URI",
    ],
}
LISTED = {name for names in DIFFERENCES.values() for name in names}


def explained():
    """The rows of the document that have a number of requests, with that number."""
    rows = re.findall(r"^\| `([^`]+)` \| (\d+) \|", DOCUMENT.read_text(), re.MULTILINE)
    return {row: int(count) for row, count in rows}


def cases(folder):
    """Each request of each list; all scalars are strings."""
    for file in sorted(pathlib.Path(folder).glob("*.yaml")):
        yield from yaml.load(file.read_text(), yaml.BaseLoader)


def unescaped(text):
    """The text without the lists' own escapes, which are in addition to YAML's."""
    def character(match):
        escape = match[1]
        if len(escape) == 3:
            return chr(int(escape[1:], 16))
        return {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}.get(escape, escape)
    return re.sub(r"\\(x[0-9a-fA-F]{2}|.)", character, text, flags=re.DOTALL)


def heads(case):
    """The request as bytes: in UTF-8, as in their own tests, and in Latin-1 where that differs."""
    lines = [f"{case['method']} {case['uri']} {case['version']}"]
    headers = case["headers"] or []
    lines += [f"{header['name']}: {header['value']}" for header in headers]
    if not any(header["name"] == "Host" for header in headers):
        lines.append("Host: localhost")
    text = "".join(unescaped(line) + "\r\n" for line in [*lines, ""])
    yield text.encode()
    if not text.isascii() and max(text) < "\u0100":
        yield text.encode("latin-1")


def exchange(port, request):
    """Everything that the server sends for these bytes until it ends the connection."""
    with socket.create_connection(("127.0.0.1", port), TIMEOUT) as peer:
        peer.sendall(request)
        received = b""
        while chunk := peer.recv(65536):
            received += chunk
    return received


def status_of_the_only_response(received, method):
    """The status; these bytes must be exactly one whole response with `Connection: close`."""
    head, end, body = received.partition(b"\r\n\r\n")
    first, *lines = head.decode("ascii").split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    assert end and headers["Connection"] == "close", received
    assert len(body) == (0 if method == "HEAD" else int(headers["Content-Length"])), received
    version, status, _ = first.split(" ", 2)
    assert version == "HTTP/1.1", received
    return int(status)


def main():
    assert explained() == {row: len(names) for row, names in DIFFERENCES.items()}, DOCUMENT
    counts, unexplained, different = collections.Counter(), [], set()
    with running(sys.argv[1]) as server:
        before = server.count("talk_http_requests_total")
        for case in cases(sys.argv[2]):
            name = case["name"]
            requests = [head + suffix for head in heads(case) for suffix in SUFFIXES]
            responses = [exchange(server.port, request) for request in requests]
            statuses = {status_of_the_only_response(response, case["method"]) for response in responses}
            assert len(statuses) == 1, f"{name}: the bytes after it change the answer: {statuses}"
            is_read, tier = statuses == {404}, case["expected"]["tier"]
            if is_read != TO_BE_READ[tier]:
                different.add(name)
                if name not in LISTED:
                    unexplained.append(f"{name}: {tier} to them, {statuses} to us")
            counts.update(connections=len(requests), read=is_read, refused=not is_read)
        count = server.count("talk_http_requests_total") - before
        assert count == counts["connections"] + 1, "one request each, and this page's"
    unexplained += [f"{name}: no longer a difference" for name in LISTED - different]
    for line in unexplained:
        print(line)
    total = counts["read"] + counts["refused"]
    assert total == 159, f"the lists have 159 requests, not {total}"
    print(f"{total} requests on {counts['connections']} connections, one response each: "
          f"{counts['refused']} refused, {counts['read']} read; "
          f"{len(different)} verdicts differ, {len(unexplained)} unexplained")
    return 1 if unexplained else 0


sys.exit(main())
