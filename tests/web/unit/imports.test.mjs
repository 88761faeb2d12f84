// The page's modules: no import from a higher folder, and no circle. Types in comments count as imports as well.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const STATIC = fileURLToPath(new URL("../../../static/", import.meta.url));

/** The folders from low to high; "." holds the files that connect the others. */
const FOLDERS = ["protocol", "text", "storage", "model", "view", "."];

/** @type {Map<string, string[]>} Each module by its path below `static/`, with the paths that it imports. */
const imports = new Map(readdirSync(STATIC, { recursive: true }).filter((path) => path.endsWith(".js")).map((path) => {
  const found = readFileSync(join(STATIC, path), "utf8").matchAll(/(?:from |import\(|^import )"([^"]+)"/gm);
  return [path, Array.from(found, ([, target]) => join(dirname(path), target))];
}));

test("every import leads to a module of the page", () => {
  for (const [path, targets] of imports) for (const target of targets) assert.ok(imports.has(target), `${path} imports ${target}`);
});

test("a module imports from its own folder and from lower ones only", () => {
  for (const [path, targets] of imports) {
    const level = FOLDERS.indexOf(dirname(path));
    assert.ok(level >= 0, `${path}: this folder is not in the table`);
    for (const target of targets) assert.ok(FOLDERS.indexOf(dirname(target)) <= level, `${path} imports ${target}`);
  }
});

test("no module imports itself by way of others", () => {
  const done = new Set();
  const visit = (path, above) => {
    assert.ok(!above.includes(path), [...above.slice(above.indexOf(path)), path].join(" -> "));
    if (done.has(path)) return;
    for (const target of imports.get(path)) visit(target, [...above, path]);
    done.add(path);
  };
  for (const path of imports.keys()) visit(path, []);
});
