"""Runs the uncompressed cases of the Autobahn suite against both ends of talk.

Run it with a Python that has tests/requirements.txt: `tests/.venv/bin/python tests/conformance/run.py`.
The server examined is `examples/echo.rs`, the client `examples/echo_client.rs`; both are built
first. Strict: NON-STRICT, UNCLEAN, WRONG CODE or FAILED BY CLIENT is as bad as FAILED. Exit code 0
if every case is right at both ends, 1 if not.
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
RIGHT = {"OK", "INFORMATIONAL"}
PATIENCE = 300  # seconds for all cases of one end; they take 10


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=["server", "client"], help="examine one end")
    parser.add_argument("--parallel", type=int, default=1, metavar="N",
                        help="cases run at once against the server (default 1)")
    parser.add_argument("--report", type=Path, metavar="DIR",
                        help="write HTML and JSON reports there, e.g. tests/out/conformance")
    asked = parser.parse_args()

    subprocess.run(["cargo", "build", "--quiet", "--release", "--example", "echo",
                    "--example", "echo_client"], cwd=ROOT, check=True)
    target = Path(os.environ.get("CARGO_TARGET_DIR", "target"))
    examples = ROOT / target / "release" / "examples"

    right = True
    if asked.only != "client":
        results = asyncio.run(examine_server(examples / "echo", asked.parallel))
        right &= judge("server", results, asked.report)
    if asked.only != "server":
        results = asyncio.run(examine_client(examples / "echo_client"))
        right &= judge("client", results, asked.report)
    return 0 if right else 1


async def examine_server(program, parallel):
    server = await asyncio.create_subprocess_exec(
        program, "--bind", "127.0.0.1:0", stdout=asyncio.subprocess.PIPE)
    try:
        said = await asyncio.wait_for(server.stdout.readline(), 10)  # "echo on ws://127.0.0.1:…"
        url = said.decode().split()[-1]
        return await results_of(run_fuzzingclient(url, SECTIONS, concurrency=parallel))
    finally:
        await stop(server)


async def examine_client(program):
    async with run_fuzzingserver(SECTIONS, port=0) as server:
        client = await asyncio.create_subprocess_exec(
            program, f"ws://{server.address}:{server.port}", stdout=asyncio.subprocess.DEVNULL)
        try:
            await asyncio.wait_for(client.wait(), PATIENCE)
            if client.returncode != 0:
                return []  # it has said why, and the server would wait for it for ever
            return await results_of(server.get_result())
        finally:
            await stop(client)


async def results_of(run):
    try:
        return await asyncio.wait_for(run, PATIENCE)
    except FailureError as failure:
        return failure.results


async def stop(process):
    if process.returncode is None:
        process.kill()
        await process.wait()


def judge(end, results, report):
    """Prints every case that is not right, and a closing line; whether all are right."""
    if report:
        write_reports(results, str(report / end))
    wrong = [case for case in results
             if not {case.behavior.value, case.behavior_close.value} <= RIGHT]
    for case in wrong:
        print(f"{end}: {case.case_id}: {case.behavior.value}, close {case.behavior_close.value}: "
              f"{case.result} {case.result_close}")
    right = len(results) - len(wrong)
    print(f"{end}: {len(results)} cases, {right} OK or INFORMATIONAL", flush=True)
    return right == CASES


if __name__ == "__main__":
    sys.exit(main())
