// A browser on the page of a server behind a proxy: node via_proxy.mjs URL. The name resolves to this machine, and any
// certificate is accepted.

import { strict as assert } from "node:assert";
import { enter, launch, person, post, shows } from "./browser/harness.mjs";

const [url] = process.argv.slice(2);
const browser = await launch([`--host-resolver-rules=MAP ${new URL(url).hostname} 127.0.0.1`]);
try {
  const context = await person(browser, { ignoreHTTPSErrors: true });
  const sockets = [];
  context.on("page", (page) => page.on("websocket", (socket) => sockets.push(socket.url())));
  const page = await enter(context, new URL("/r/browsed", url).href, "browser");
  await post(page, "over TLS");
  await shows(page, ["over TLS"]);
  assert.deepEqual(sockets, [new URL("/ws", url).href.replace("https:", "wss:")]);
  assert.deepEqual(context.errors, []);
} finally {
  await browser.close();
}
