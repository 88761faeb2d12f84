// FakeServer: a small server of the chat protocol that a test controls, faults included: for
// what the real server would never do, or not on demand. Everything else is tested against the
// real one.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { WebSocketServer } from "ws";

const STATIC = new URL("../../static/", import.meta.url);
const TYPES = { html: "text/html", js: "text/javascript", css: "text/css", svg: "image/svg+xml", webmanifest: "application/manifest+json" };

/** The policy that the real server sends, which the page must live with. */
export const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
  + "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";

/** Token: 32 hex digits that own a name. */
function token(user) {
  return Buffer.from(user).toString("hex").padEnd(32, "0").slice(0, 32);
}

/** The key by which names are compared, of the names that tests use. */
const key = (name) => name.toLowerCase();

const compare = (a, b) => (a < b ? -1 : Number(a > b));

/** Each name once, ignoring case. */
function sorted(names) {
  const byKey = new Map(names.map((name) => [key(name), name]));
  return [...byKey].sort(([a], [b]) => compare(a, b)).map(([, name]) => name);
}

export class FakeServer {
  /** room → { log, records } */
  rooms = new Map();
  clients = new Set();
  /** Every post received, stored or not. */
  posts = [];
  /** Messages received, of any type. */
  received = [];
  password = null;
  /** Maps a message to its answer; undefined: the usual answer, null: none. */
  instead = () => undefined;
  /** For how many seconds it refuses this address, because of too many wrong passwords; null: not at all. */
  lockedOutFor = null;
  /** How many records a first join sends. */
  firstPage = 100;
  /** A mute server keeps its sockets and sends nothing. */
  isMute = false;
  tokens = new Map();
  /** Read markers: "user room" → seq. */
  marks = new Map();
  /** The rooms that a user has joined: user → room → whether it is muted. */
  memberships = new Map();
  /** Whether it knows `at` and `edits` in a history. */
  isNew = true;
  /** room → topic */
  topics = new Map();
  /** room → people who are there without a connection */
  guests = new Map();
  /** room → members who are not there */
  absentees = new Map();
  /** user → away message */
  away = new Map();
  /** What it does with a `who` with `state`: answers with a "page", sends the "whole" list as earlier servers, or "refuses". */
  whoWithState = "page";
  /** From this many people on, a room's list is sent on request only, and joins and leaves are not announced. */
  largeRoom = Infinity;

  static async start() {
    const fake = new FakeServer();
    await fake.listen(0);
    return fake;
  }

  async listen(port) {
    this.http = createServer((request, response) => this.#file(request, response));
    this.ws = new WebSocketServer({
      server: this.http, path: "/ws",
      verifyClient: (_, answer) => (this.lockedOutFor === null ? answer(true) : answer(false, 429, "", this.#lockout())),
    });
    this.ws.on("connection", (socket) => this.#meet(socket));
    await new Promise((ready) => this.http.listen(port, "127.0.0.1", ready));
    this.port = this.http.address().port;
    this.url = `http://127.0.0.1:${this.port}`;
  }

  /** Stops as if killed; `listen(port)` restarts it with its rooms. */
  async stop() {
    for (const client of this.clients) client.socket.terminate();
    this.http.closeAllConnections();
    await new Promise((done) => this.http.close(done));
  }

  /** Breaks every connection. */
  cut() {
    for (const client of this.clients) client.socket.terminate();
  }

  room(name) {
    if (!this.rooms.has(name)) this.rooms.set(name, { log: `log-${name}-1`, records: [] });
    return this.rooms.get(name);
  }

  /** Posts as a user who is not connected. */
  post(room, user, text, extra = {}) {
    const { records } = this.room(room);
    const record = {
      type: "post", room, seq: records.length + 1, at: Date.now(), user,
      cid: `fake-${room}-${records.length + 1}`, text, ...extra,
    };
    records.push(record);
    this.broadcast(room, record);
    return record;
  }

  /** Sends raw text or a message to every client in a room. */
  broadcast(room, message) {
    const words = typeof message === "string" ? message : JSON.stringify(message);
    for (const client of this.clients) if (client.rooms.has(room)) client.socket.send(words);
  }

  roomsOf(user) {
    if (!this.memberships.has(user)) this.memberships.set(user, new Map());
    return this.memberships.get(user);
  }

  members(room) {
    return sorted([...this.guests.get(room) ?? [], ...[...this.clients].filter((c) => c.rooms.has(room)).map((c) => c.user)]);
  }

  /** Members of a public room who are not there. */
  absent(room) {
    const members = [...this.memberships].filter(([, rooms]) => rooms.has(room)).map(([user]) => user);
    const here = new Set(this.members(room).map(key));
    return sorted([...this.absentees.get(room) ?? [], ...members]).filter((user) => !here.has(key(user)));
  }

  #who({ room, state, prefix, after, limit = 100 }) {
    const names = this.members(room);
    if (state === undefined || this.whoWithState === "whole") return { type: "members", room, members: names, away: this.#awayOf(names) };
    if (this.whoWithState === "refuses") return { type: "error", code: "bad_message", message: "`state` is not known", room };
    const absent = this.absent(room);
    const rest = (state === "here" ? names : absent)
      .filter((name) => (prefix === undefined || key(name).startsWith(key(prefix))) && (after === undefined || compare(key(name), key(after)) > 0));
    const page = rest.slice(0, limit);
    const away = state === "here" ? { away: this.#awayOf(page) } : {};
    return { type: "members", room, state, prefix, after, members: page, ...away, here: names.length, absent: absent.length, more: rest.length > page.length || undefined };
  }

  #awayOf(names) {
    const away = names.filter((user) => this.away.has(user)).map((user) => ({ user, text: this.away.get(user) }));
    return away.length ? away : undefined;
  }

  #lockout() {
    return { "retry-after": String(this.lockedOutFor), "talk-refused": "wrong-passwords" };
  }

  async #file(request, response) {
    if (request.url === "/ws") {
      return void (this.lockedOutFor === null ? response.writeHead(426) : response.writeHead(429, this.#lockout())).end();
    }
    const path = request.url.startsWith("/r/") || request.url === "/" ? "index.html" : request.url.slice(1);
    const type = TYPES[path.split(".").at(-1)];
    try {
      const body = await readFile(new URL(path, STATIC));
      response.writeHead(200, { "content-type": `${type}; charset=utf-8`, "content-security-policy": POLICY, "x-content-type-options": "nosniff" });
      response.end(body);
    } catch {
      response.writeHead(404, { "content-security-policy": POLICY }).end();
    }
  }

  #meet(socket) {
    const client = { socket, user: "", rooms: new Set(), followsRooms: false };
    this.clients.add(client);
    socket.on("close", () => {
      this.clients.delete(client);
      for (const room of client.rooms) this.#presence(room, client.user, "left", undefined, this.roomsOf(client.user).has(room));
    });
    socket.on("error", () => {});
    socket.on("message", (data) => {
      if (this.isMute) return;
      const message = JSON.parse(data);
      this.received.push(message);
      if (message.type === "post") this.posts.push(message);
      if (message.room?.startsWith("@") && !this.#mayEnter(client, message.room)) {
        return socket.send(JSON.stringify({ type: "error", code: "forbidden", message: "that room is for others", room: message.room }));
      }
      const answer = this.instead(message, client);
      if (answer === null) return;
      if (answer) return socket.send(JSON.stringify(answer));
      this.#answer(client, message);
    });
  }

  #answer(client, message) {
    const send = (reply) => client.socket.send(JSON.stringify(reply));
    const { room } = message;
    switch (message.type) {
      case "hello": return this.#hello(client, message, send);
      case "join": return this.#join(client, message, send);
      case "leave":
        client.rooms.delete(room);
        this.roomsOf(client.user).delete(room);
        send({ type: "left", room });
        return this.#presence(room, client.user, "left");
      case "post": return this.#post(client, message, send);
      case "edit": case "delete": case "topic": return this.#act(client, message, send);
      case "mute":
        if (!this.roomsOf(client.user).has(room)) return send({ type: "error", code: "not_joined", message: "join it first", room });
        return void this.roomsOf(client.user).set(room, message.muted);
      case "mark": {
        const key = `${client.user} ${room}`;
        if (message.seq <= (this.marks.get(key) ?? 0)) return;
        this.marks.set(key, message.seq);
        for (const other of this.clients) {
          if (other !== client && other.user === client.user) other.socket.send(JSON.stringify({ type: "marked", room, seq: message.seq }));
        }
        return;
      }
      case "history": {
        const { records } = this.room(room);
        const limit = message.limit ?? 100;
        if (message.at !== undefined && !this.isNew) return send({ type: "error", code: "bad_message", message: "`before` must be a whole number", room });
        const page = message.before
          ? records.filter(({ seq }) => seq < message.before).slice(-limit)
          : records.filter(({ seq, at }) => (message.at === undefined ? seq > message.after : at >= message.at)).slice(0, limit);
        const isLater = (/** @type {any} */ record) => record.type === "edit" && record.seq > page.at(-1)?.seq && page.some(({ seq }) => seq === record.target);
        return send({ type: "history", room, records: page, first: 1, ...(message.edits && this.isNew && { edits: records.filter(isLater) }) });
      }
      case "who": return send(this.#who(message));
      case "rooms":
        return send({
          type: "rooms",
          rooms: [...this.rooms].map(([name, { records }]) => ({ name, head: records.length, members: this.members(name).length })),
        });
      case "nick": {
        if (this.tokens.has(message.user)) return send({ type: "error", code: "name_taken", message: `the name ${message.user} is in use` });
        const renamed = { type: "renamed", user: client.user, to: message.user };
        client.user = message.user;
        this.memberships.set(message.user, this.roomsOf(renamed.user));
        for (const each of client.rooms) for (const other of this.clients) {
          if (other !== client && other.rooms.has(each)) other.socket.send(JSON.stringify(renamed));
        }
        return send({ ...renamed, token: token(message.user) });
      }
      case "typing":
        for (const other of this.clients) {
          if (other !== client && other.rooms.has(room)) other.socket.send(JSON.stringify({ type: "typing", room, user: client.user }));
        }
        return;
      default: return send({ type: "error", code: "unknown_type", message: `there is no type ${message.type}` });
    }
  }

  #hello(client, message, send) {
    if (this.password !== null && message.password !== this.password) return client.socket.close(4401, "password");
    const holder = this.tokens.get(message.user);
    if (holder && holder !== message.token) {
      send({ type: "error", code: "name_taken", message: `the name ${message.user} is in use` });
      return client.socket.close(4409, "name taken");
    }
    client.user = message.user;
    client.followsRooms = message.rooms === true;
    const rooms = [...this.roomsOf(message.user)].map(([room, muted]) => ({ room, ...(muted && { muted }) }));
    const limits = { text: 4096, rate: 5, burst: 20, page: 100 };
    send({ type: "welcome", user: message.user, token: token(message.user), server: "talk/fake", limits, rooms });
    for (const join of message.join ?? []) this.#join(client, join, send);
  }

  #join(client, { room: named, peer, since, log, at, cid }, send) {
    const room = named ?? `@${[client.user, peer].map((user) => user.toLowerCase()).sort().join("+")}`; // as servers once called it
    const isNew = !client.rooms.has(room);
    client.rooms.add(room);
    if (!room.startsWith("@") && !this.roomsOf(client.user).has(room)) this.roomsOf(client.user).set(room, false);
    const { records, log: id } = this.room(room);
    const head = records.length;
    const has = records[since - 1]; // the record that the page says it has
    const reset = since !== undefined && (log !== id || since > head || (cid !== undefined && has && (has.at !== at || has.cid !== cid)));
    const from = since === undefined || reset ? Math.max(0, head - this.firstPage) : since;
    const members = this.members(room);
    const isSmall = members.length < this.largeRoom;
    const absent = client.followsRooms && !room.startsWith("@") && this.whoWithState === "page" ? this.absent(room) : null;
    const absentees = absent && { absent: absent.length, ...(absent.length <= 100 && { absent_members: absent }) };
    const [topic, marked] = [this.topics.get(room), this.marks.get(`${client.user} ${room}`)];
    send({ type: "joined", room, ...(peer && { peer, asked: peer }), log: id, first: head ? 1 : 0, head, since: from, reset, topic, marked, count: members.length, ...(isSmall && { members, away: this.#awayOf(members) }), ...absentees });
    for (const record of records.slice(from)) send(record);
    if (isNew) this.#presence(room, client.user, "joined", client);
  }

  #post(client, { room, cid, text, kind, reply }, send) {
    const { records } = this.room(room);
    const known = records.find((record) => record.cid === cid && record.user === client.user);
    if (known) return send(known);
    for (const other of this.clients) {
      // The other user of a private room is added to it.
      if (room.startsWith("@") && !other.rooms.has(room) && this.#mayEnter(other, room)) {
        this.#join(other, { room }, (reply) => other.socket.send(JSON.stringify(reply)));
      }
    }
    this.post(room, client.user, text, { cid, ...(kind && { kind }), ...(reply && { reply }) });
  }

  /** An edit, a delete or a topic. */
  #act(client, { type, room, cid, target, text }, send) {
    const { records } = this.room(room);
    const refuse = (code) => send({ type: "error", code, message: `refused: ${code}`, cid });
    const known = records.find((record) => record.cid === cid && record.user === client.user);
    if (known) return send(known);
    const post = records.find(({ seq }) => seq === target);
    if (type !== "topic") {
      if (post?.type !== "post" || (post.deleted && type === "edit")) return refuse("no_such_record");
      if (post.user !== client.user) return refuse("forbidden");
    }
    if (type === "topic") this.topics.set(room, text);
    if (type === "delete") {
      for (const record of records) {
        if (record === post || record.target === target) Object.assign(record, record.type === "delete" ? {} : { text: "", deleted: true });
      }
    }
    this.post(room, client.user, text, { type, cid, target });
  }

  #mayEnter({ user }, room) {
    return room.slice(1).split("+").includes(user.toLowerCase());
  }

  #presence(room, user, state, except, isMember = false) {
    const count = this.members(room).length;
    const words = JSON.stringify({ type: "presence", room, count, ...(count < this.largeRoom && { user, state, ...(isMember && { member: true }) }) });
    for (const other of this.clients) if (other !== except && other.rooms.has(room)) other.socket.send(words);
  }
}
