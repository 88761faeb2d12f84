"""The configuration blocks of docs/deploy.md and README.md: the tests use what people copy."""

import pathlib
import re
import textwrap

ROOT = pathlib.Path(__file__).parents[3]
NAME = "talk.example.org"
UPSTREAM = "127.0.0.1:8080"
PLAIN = "192.168.1.5:8081"


def blocks(kind, page="docs/deploy.md"):
    """All fenced blocks of one kind, in order."""
    return re.findall(rf"```{kind}\n(.*?)```", (ROOT / page).read_text(), re.S)


def replaced(text, pairs):
    """The block with its paths and ports replaced by the test's own; each must occur in it."""
    for old, new in pairs:
        assert old in text, f"{old!r} is not in the block"
        text = text.replace(old, new)
    return text


def location(block):
    """The `location` of an nginx `server`, without its indentation."""
    return textwrap.dedent(re.search(r"^ *location .*?^ *}\n", block, re.S | re.M).group(0))


def check_readme():
    """Checks that the README has the same nginx location as docs/deploy.md, which has it twice."""
    tls, plain = blocks("nginx")
    [readme] = blocks("nginx", "README.md")
    assert location(tls) == location(plain) == location(readme) == readme
    [flags] = [block for block in blocks("sh", "README.md") if "--trust-proxy" in block]
    assert flags in blocks("sh")


def nginx(folder, tls_port, plain_port, upstream, read_timeout=None):
    """Both nginx servers, for these ports."""
    tls, plain = blocks("nginx")
    replacements = [(UPSTREAM, f"127.0.0.1:{upstream}")]
    if read_timeout:
        replacements.append(("proxy_read_timeout 60s;", f"proxy_read_timeout {read_timeout};"))
    certificates = f"/etc/letsencrypt/live/{NAME}"
    tls = replaced(tls, [
        ("listen 443 ssl;", f"listen 127.0.0.1:{tls_port} ssl;"),
        (f"{certificates}/fullchain.pem", f"{folder}/cert.pem"),
        (f"{certificates}/privkey.pem", f"{folder}/key.pem"), *replacements,
    ])
    return tls + replaced(plain, [(PLAIN, f"127.0.0.1:{plain_port}"), *replacements])


def caddy(folder, tls_port, plain_port, upstream):
    """Both Caddy sites, for these ports; with our own certificate, as Caddy cannot get one here."""
    tls, plain = blocks("caddy")
    replacement = (UPSTREAM, f"127.0.0.1:{upstream}")
    tls = replaced(tls, [
        (f"{NAME} {{\n", f"https://{NAME}:{tls_port} {{\n    bind 127.0.0.1\n"
                         f"    tls {folder}/cert.pem {folder}/key.pem\n"), replacement,
    ])
    plain = replaced(plain, [(f"{PLAIN} {{\n", f"127.0.0.1:{plain_port} {{\n    bind 127.0.0.1\n"), replacement])
    return tls + plain
