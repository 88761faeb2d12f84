"""Runs the uncompressed cases of the Autobahn suite against both ends of talk.

Run it with a Python that has tests/requirements.txt: `tests/.venv/bin/python tests/conformance/run.py`.
It tests the server `examples/echo.rs` and the client `examples/echo_client.rs`, and builds both first.
Strict: NON-STRICT, UNCLEAN, WRONG CODE and FAILED BY CLIENT count as FAILED. Exit code 0 if every
case passes at both ends, 1 if not.
"""

import argparse
import asyncio
import os
import subprocess
import sys
from pathlib import Path

from kosoku import FailureError, run_fuzzingclient, run_fuzzingserver
from kosoku._report import write_reports  # not public, hence the version is pinned

ROOT = Path(__file__).resolve().parents[2]
SECTIONS = ["1.*", "2.*", "3.*", "4.*", "5.*", "6.*", "7.*", "9.*", "10.*"]
CASES = 301
PASSED = {"OK", "INFORMATIONAL"}
TIMEOUT = 300  # seconds for all cases of one end; they take 10


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=["server", "client"], help="test one end only")
    parser.add_argument("--parallel", type=int, default=1, metavar="N",
                        help="number of cases to run at once against the server (default 1)")
    parser.add_argument("--report", type=Path, metavar="DIR",
                        help="write HTML and JSON reports to this folder, e.g. tests/out/conformance")
    args = parser.parse_args()

    subprocess.run(["cargo", "build", "--quiet", "--release", "--example", "echo",
                    "--example", "echo_client"], cwd=ROOT, check=True)
    target = Path(os.environ.get("CARGO_TARGET_DIR", "target"))
    examples = ROOT / target / "release" / "examples"

    passed = True
    if args.only != "client":
        results = asyncio.run(test_server(examples / "echo", args.parallel))
        passed &= report("server", results, args.report)
    if args.only != "server":
        results = asyncio.run(test_client(examples / "echo_client"))
        passed &= report("client", results, args.report)
    return 0 if passed else 1


async def test_server(program, parallel):
    server = await asyncio.create_subprocess_exec(
        program, "--bind", "127.0.0.1:0", stdout=asyncio.subprocess.PIPE)
    try:
        line = await asyncio.wait_for(server.stdout.readline(), 10)  # "echo on ws://127.0.0.1:…"
        url = line.decode().split()[-1]
        return await results_of(run_fuzzingclient(url, SECTIONS, concurrency=parallel))
    finally:
        await stop(server)


async def test_client(program):
    async with run_fuzzingserver(SECTIONS, port=0) as server:
        client = await asyncio.create_subprocess_exec(
            program, f"ws://{server.address}:{server.port}", stdout=asyncio.subprocess.DEVNULL)
        try:
            await asyncio.wait_for(client.wait(), TIMEOUT)
            if client.returncode != 0:
                return []  # it has printed the reason, and the server would wait for it forever
            return await results_of(server.get_result())
        finally:
            await stop(client)


async def results_of(run):
    try:
        return await asyncio.wait_for(run, TIMEOUT)
    except FailureError as failure:
        return failure.results


async def stop(process):
    if process.returncode is None:
        process.kill()
        await process.wait()


def report(end, results, folder):
    """Prints every case that did not pass, and a summary; returns whether all passed."""
    if folder:
        write_reports(results, str(folder / end))
    failed = [case for case in results
             if not {case.behavior.value, case.behavior_close.value} <= PASSED]
    for case in failed:
        print(f"{end}: {case.case_id}: {case.behavior.value}, close {case.behavior_close.value}: "
              f"{case.result} {case.result_close}")
    passed = len(results) - len(failed)
    print(f"{end}: {len(results)} cases, {passed} OK or INFORMATIONAL", flush=True)
    return passed == CASES


if __name__ == "__main__":
    sys.exit(main())
