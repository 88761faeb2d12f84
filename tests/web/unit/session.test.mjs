// static/protocol/session.js, held to the same vectors as the Rust session.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { Session } from "../../../static/protocol/session.js";

const VECTORS = new URL("../../vectors/session/", import.meta.url);

/** Each kind of input as a call. */
const CALLS = {
  start: (session) => session.start(),
  opened: (session) => session.opened(),
  received: (session, { received }) => session.received(received),
  closed: (session, { closed, jitter, least_wait }) => session.closed(closed, jitter, least_wait),
  submit: (session, { submit }) => session.submit(submit),
  resend_due: (session) => session.resendDue(),
  resend: (session, { resend }) => session.resend(resend),
  drop: (session, { drop }) => session.drop(drop),
  join: (session, { join }) => session.join(join),
  leave: (session, { leave }) => session.leave(leave),
  nick: (session, { nick }) => session.nick(nick),
  restore: (session, { restore }) => session.restore(restore),
};

for (const file of readdirSync(VECTORS).filter((name) => name.endsWith(".json")).sort()) {
  const { about, steps, ...identity } = JSON.parse(readFileSync(new URL(file, VECTORS)));
  test(`${file}: ${about}`, () => {
    const session = new Session(identity);
    steps.forEach((step, at) => {
      const [kind] = Object.keys(step.in);
      assert.deepEqual(CALLS[kind](session, step.in), step.out, `step ${at}: ${JSON.stringify(step.in)}`);
    });
  });
}

test("missing records that a probe found are requested, once until that is answered", () => {
  const session = new Session({ user: "bob", rooms: ["lobby"] });
  session.start();
  session.opened();
  session.received({ type: "welcome", user: "bob", token: "t" });
  assert.deepEqual(session.requestMissing("lobby"), [], "the join is not answered yet");
  session.received({ type: "joined", room: "lobby", log: "L", first: 1, head: 4, since: 4 });
  assert.deepEqual(session.requestMissing("lobby"), [
    { send: { type: "join", room: "lobby", since: 4, log: "L" } }, { state: "catching up" },
  ]);
  assert.deepEqual(session.requestMissing("lobby"), []);
});
