// Names: what is offered in place of a text that is no name.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fitRoomName, fitUserName } from "../../../static/protocol/names.js";
import { noRoomInPath } from "../../../static/model/url.js";

test("a room name is made of a text, if no letter is lost", () => {
  for (const [typed, fit] of [
    ["design review", "design-review"], ["#Design Review!", "design-review"], ["a -- b", "a-b"], ["Büro São", "buro-sao"], ["v1.2", "v1-2"],
    ["_x_", "x_"], [`${"a".repeat(31)} b`, "a".repeat(31)], ["проект", null], ["straße", null], ["!", null], ["", null], ["日本 x", null],
  ]) assert.equal(fitRoomName(typed), fit, typed);
});

test("a user name is made of a text", () => {
  for (const [typed, fit] of [
    ["has space", "has_space"], ["  Ann  Smith! ", "Ann_Smith"], ["@bob", "bob"], ["оля п", "оля_п"], ["x".repeat(30), "x".repeat(24)],
    ["!?", null], ["", null],
  ]) assert.equal(fitUserName(typed), fit, typed);
});

test("an address names a room, or says what it names in place of one", () => {
  for (const [path, typed] of [
    ["/", null], ["/r/", null], ["/r/lobby", null], ["/r/@ada+bob", null], ["/r/design%20review", "design review"], ["/r/a/b", "a/b"], ["/r/%zz", "%zz"],
  ]) assert.equal(noRoomInPath(path), typed, path);
});
