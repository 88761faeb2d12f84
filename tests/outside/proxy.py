"""Behind a real nginx and a real Caddy with TLS, configured as docs/deploy.md says.

Usage: proxy.py PATH-OF-THE-SERVER-BINARY (the console's is beside it)
"""

import asyncio
import contextlib
import pathlib
import shutil
import subprocess
import sys
import tempfile

from behind import checks, docs, running

passed = 0


def ok(sentence):
    global passed
    passed += 1
    print(f"ok {sentence}", flush=True)


async def hold(the_checks, front, server):
    for check in the_checks:
        await check(front, server)
        ok(f"{front.name}: {check.__name__.replace('_s_', chr(39) + 's_').replace('_', ' ')}")


@contextlib.contextmanager
def server_and(proxy, certified, binary, *flags, **options):
    """A proxy and a server behind it, on a data directory of its own."""
    with tempfile.TemporaryDirectory() as name:
        with running.Server(binary, pathlib.Path(name), *flags) as server:
            with proxy(certified, server.port, **options) as front:
                yield front, server


async def behind(proxy, certified, binary):
    free = ["--rate", "0", "--max-text", "10000"]
    with server_and(proxy, certified, binary, *free) as both:
        await hold(checks.ALWAYS, *both)
        browse(*both)
    with server_and(proxy, certified, binary, "--max-per-address", "2") as both:
        await hold(checks.COUNTED, *both)


async def on_the_network_and_impatient(certified, binary):
    """What only nginx shows: any host at its plain listener, and a short patience with silence."""
    with server_and(running.nginx, certified, binary, "--allow-host", "192.168.1.5") as both:
        await hold([checks.a_name_on_the_local_network_is_answered_if_it_was_allowed], *both)
    with server_and(running.nginx, certified, binary, read_timeout="2s") as both:
        await hold([checks.who_is_cut_off_for_its_silence_resumes_without_loss], *both)
    often = ["--limit", "ping-every=500ms"]
    with server_and(running.nginx, certified, binary, *often, read_timeout="2s") as both:
        await hold([checks.pings_keep_a_silent_connection], *both)


def browse(front, server):
    """A real browser, where the page's own tests have been set up."""
    web = docs.ROOT / "tests/web"
    if not (shutil.which("node") and shutil.which("chromium") and (web / "node_modules").exists()):
        print(f"not done: {front.name}: a browser (tests/run sets it up)")
        return
    url = f"https://{docs.NAME}:{front.tls_port}/"
    subprocess.run(["node", web / "via_proxy.mjs", url], check=True, timeout=120)
    ok(f"{front.name}: a browser loads the page over https and talks over wss")


async def main():
    binary = pathlib.Path(sys.argv[1]).resolve()
    docs.same_everywhere()
    ok("the README's blocks are those of docs/deploy.md")
    with tempfile.TemporaryDirectory() as name:
        certified = pathlib.Path(name)
        certified.chmod(0o755)
        running.certificate(certified)
        await behind(running.nginx, certified, binary)
        await behind(running.caddy, certified, binary)
        await on_the_network_and_impatient(certified, binary)
    print(f"proxy: {passed} passed, 0 failed")


asyncio.run(main())
