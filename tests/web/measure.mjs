// How fast the page is, in a room of 100,000 messages: cargo build --release, then node tests/web/measure.mjs
// Prints what the first load costs, when the first message is shown, and how long frames take while typing.

process.env.TALK_SERVER_BIN ??= new URL("../../target/release/server", import.meta.url).pathname;
const { enter, launch, live, person, Server, until } = await import("./browser/harness.mjs");
const { WebSocket } = await import("ws");

const RECORDS = Number(process.argv[2] ?? 100_000);
const WORDS = "the quick brown fox jumps over the lazy dog and writes it all down ";

/** Fills a room, as fast as the server accepts it. */
async function fill(url, count) {
  const socket = new WebSocket(`${url.replace("http", "ws")}/ws`);
  await new Promise((done) => socket.once("open", done));
  const send = (message) => socket.send(JSON.stringify(message));
  send({ type: "hello", user: "ada", join: [{ room: "lobby" }] });
  await new Promise((done, fail) => {
    socket.on("close", fail);
    let sent = 0;
    const more = () => {
      for (const end = Math.min(sent + 200, count); sent < end;) send({ type: "post", room: "lobby", cid: `f${++sent}`, text: `line ${sent}: ${WORDS}` });
    };
    socket.on("message", (data) => {
      const { type, seq } = JSON.parse(data);
      if (type === "joined") more();
      if (type === "post" && seq === sent) seq === count ? done() : more();
    });
  });
  socket.removeAllListeners("close");
  return socket;
}

/** Records when the socket opened and when the first message was on the screen. */
function watch() {
  const Real = globalThis.WebSocket;
  globalThis.WebSocket = class extends Real {
    constructor(...all) {
      super(...all);
      this.addEventListener("open", () => (globalThis.openedAt ??= performance.now()));
    }
  };
  new MutationObserver((_, self) => {
    if (!document.querySelector("#log .message")) return;
    self.disconnect();
    globalThis.shownAt = performance.now();
    requestAnimationFrame(() => setTimeout(() => (globalThis.paintedAt = performance.now())));
  }).observe(document, { subtree: true, childList: true });
}

const ms = (number) => `${number.toFixed(1)} ms`;
const at = (sorted, part) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];

/** Types while messages arrive, and returns how long the frames took. */
async function typing(page, socket, what) {
  await page.locator("#box").focus();
  await page.evaluate(() => {
    globalThis.frames = [];
    let last = performance.now();
    const next = () => requestAnimationFrame((now) => {
      globalThis.frames.push(now - last);
      last = now;
      next();
    });
    next();
  });
  const timer = setInterval(() => socket.send(JSON.stringify({ type: "post", room: "lobby", cid: `t${Math.random()}`, text: WORDS })), 200);
  await page.keyboard.type(WORDS.repeat(3), { delay: 40 });
  clearInterval(timer);
  const frames = (await page.evaluate(() => globalThis.frames)).slice(2).sort((a, b) => a - b);
  const nodes = await page.evaluate(() => document.querySelectorAll("*").length);
  console.log(`${what}: ${nodes} elements; frames while typing: median ${ms(at(frames, 0.5))}, p95 ${ms(at(frames, 0.95))}, p99 ${ms(at(frames, 0.99))}, longest ${ms(frames.at(-1))} (${frames.length})`);
  await page.locator("#box").fill("");
}

const server = await Server.start(["--rate", "0"]);
const browser = await launch();
try {
  const socket = await fill(server.url, RECORDS);
  const context = await person(browser);
  await context.addInitScript(watch);
  const page = await enter(context, server.url, "bob");

  const cold = [];
  for (let i = 0; i < 10; i += 1) {
    const tab = await context.newPage();
    const network = await context.newCDPSession(tab);
    await network.send("Network.enable");
    await network.send("Network.setCacheDisabled", { cacheDisabled: true });
    let bytes = 0;
    let files = 0;
    network.on("Network.loadingFinished", ({ encodedDataLength }) => {
      bytes += encodedDataLength;
      files += 1;
    });
    await tab.goto(server.url);
    await live(tab);
    const { openedAt, shownAt, paintedAt } = await until(() => tab.evaluate(() => ({ openedAt, shownAt, paintedAt: globalThis.paintedAt })), ({ paintedAt }) => paintedAt);
    cold.push({ bytes, files, shown: shownAt - openedAt, painted: paintedAt - openedAt, all: paintedAt });
    await tab.close();
  }
  const middle = (what) => at(cold.map((one) => one[what]).sort((a, b) => a - b), 0.5);
  console.log(`first load: ${middle("files")} files, ${middle("bytes")} bytes with heads, nothing cached (median of ${cold.length})`);
  console.log(`first message: in the document ${ms(middle("shown"))} after the socket opened, painted after ${ms(middle("painted"))}; since the page was requested ${ms(middle("all"))}`);

  await typing(page, socket, `at the newest of ${RECORDS} messages`);
  const began = performance.now();
  await page.goto(`${server.url}/r/lobby#1`);
  await page.locator(".message.target", { hasText: "line 1:" }).waitFor({ timeout: 120_000 });
  console.log(`message 1 of ${RECORDS}, by its URL: ${ms(performance.now() - began)}`);
  await typing(page, socket, "with all of them loaded, at message 1");
  socket.close();
} finally {
  await browser.close();
  await server.stop();
}
