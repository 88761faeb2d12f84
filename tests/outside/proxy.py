"""Runs the server behind a real nginx and a real Caddy with TLS, with the configuration in docs/deploy.md.

Usage: proxy.py PATH-OF-THE-SERVER-BINARY (the console must be in the same folder)
"""

import asyncio
import contextlib
import pathlib
import shutil
import subprocess
import sys
import tempfile

from behind import checks, docs, processes

passed = 0


def ok(sentence):
    global passed
    passed += 1
    print(f"ok {sentence}", flush=True)


async def run_checks(the_checks, proxy, server):
    for check in the_checks:
        await check(proxy, server)
        ok(f"{proxy.name}: {check.__name__.replace('_s_', chr(39) + 's_').replace('_', ' ')}")


@contextlib.contextmanager
def server_and(start_proxy, certificates, binary, *flags, **options):
    """A proxy and a server behind it, with its own data directory."""
    with tempfile.TemporaryDirectory() as name:
        with processes.Server(binary, pathlib.Path(name), *flags) as server:
            with start_proxy(certificates, server.port, **options) as proxy:
                yield proxy, server


async def check_behind(start_proxy, certificates, binary):
    flags = ["--rate", "0", "--max-text", "10000"]
    with server_and(start_proxy, certificates, binary, *flags) as pair:
        await run_checks(checks.ALWAYS, *pair)
        check_in_browser(*pair)
    with server_and(start_proxy, certificates, binary, "--max-per-address", "2") as pair:
        await run_checks(checks.COUNTED, *pair)


async def check_nginx_only(certificates, binary):
    """Tests that only nginx allows: any host at its plain listener, and a short read timeout."""
    with server_and(processes.nginx, certificates, binary, "--allow-host", "192.168.1.5") as pair:
        await run_checks([checks.a_host_on_the_local_network_is_accepted_if_allowed], *pair)
    with server_and(processes.nginx, certificates, binary, read_timeout="2s") as pair:
        await run_checks([checks.a_client_cut_off_for_silence_resumes_without_loss], *pair)
    flags = ["--limit", "ping-every=500ms"]
    with server_and(processes.nginx, certificates, binary, *flags, read_timeout="2s") as pair:
        await run_checks([checks.pings_keep_a_silent_connection_open], *pair)


def check_in_browser(proxy, server):
    """Opens the page in a real browser, if the page's own tests are set up."""
    web = docs.ROOT / "tests/web"
    if not (shutil.which("node") and shutil.which("chromium") and (web / "node_modules").exists()):
        print(f"skipped: {proxy.name}: a browser (tests/run sets it up)")
        return
    url = f"https://{docs.NAME}:{proxy.tls_port}/"
    subprocess.run(["node", web / "via_proxy.mjs", url], check=True, timeout=120)
    ok(f"{proxy.name}: a browser loads the page over https and chats over wss")


async def main():
    binary = pathlib.Path(sys.argv[1]).resolve()
    docs.check_readme()
    ok("the README has the same blocks as docs/deploy.md")
    with tempfile.TemporaryDirectory() as name:
        certificates = pathlib.Path(name)
        certificates.chmod(0o755)
        processes.make_certificate(certificates)
        await check_behind(processes.nginx, certificates, binary)
        await check_behind(processes.caddy, certificates, binary)
        await check_nginx_only(certificates, binary)
    print(f"proxy: {passed} passed, 0 failed")


asyncio.run(main())
