import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Problem, Transient } from "#kernel/errors.ts";
import { createSystemClock, createVirtualClock } from "#ports/clock/index.ts";

import { type AskedOutside, createOutside, isOpenAddress, REDIRECTS_MAX, STALL_MS_MAX } from "./index.ts";

const BYTES = new Uint8Array(300_000).map((_, i) => i % 251);
let asked: { host: string | null; url: string; range: string | null }[] = [];
const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch(request) {
    const url = new URL(request.url);
    asked.push({ host: request.headers.get("host"), url: request.url, range: request.headers.get("range") });
    const film = { "content-type": "video/mp4; codecs=x", etag: '"one"' };
    switch (url.pathname) {
      case "/film": {
        const from = /^bytes=(\d+)-$/.exec(request.headers.get("range") ?? "")?.[1];
        if (from === undefined || request.headers.get("if-range") !== '"one"')
          return new Response(BYTES, { headers: film });
        const part = BYTES.slice(Number(from));
        const range = `bytes ${from}-${BYTES.length - 1}/${BYTES.length}`;
        return new Response(part, { status: 206, headers: { ...film, "content-range": range } });
      }
      case "/to":
        return new Response(null, { status: 302, headers: { location: url.searchParams.get("url") ?? "" } });
      case "/round":
        return new Response(null, { status: 307, headers: { location: `/round?${Number(url.search.slice(1)) + 1}` } });
      case "/page":
        return new Response("<html>", { headers: { "content-type": "text/html" } });
      case "/packed":
        return new Response(Bun.gzipSync(BYTES), { headers: { ...film, "content-encoding": "gzip" } });
      case "/endless":
        return new Response(
          new ReadableStream({
            pull: (controller) => controller.enqueue(BYTES),
          }),
          { headers: film },
        );
      case "/taken":
        return request
          .bytes()
          .then((body) => new Response(`${body.length}`, { status: 201, headers: { "x-kind": "push" } }));
      case "/busy":
        return new Response("later", { status: 429, headers: { "retry-after": "120" } });
      case "/hangs":
        return new Response(
          new ReadableStream({
            start: (controller) => controller.enqueue(new TextEncoder().encode("so far")),
          }),
        );
      case "/broken":
        return new Response("no", { status: 503 });
      default:
        return new Response("no", { status: 404 });
    }
  },
});
const port = server.port ?? 0;
const here = `127.0.0.1:${port}`;
const clock = createSystemClock();
afterAll(() => server.stop(true));

const film: AskedOutside = { bytes_max: 1_000_000, ms_max: 20_000, accepts: (type) => type.startsWith("video/") };
const names: Record<string, string[]> = {
  "film.test": ["127.0.0.1"],
  "inside.test": ["10.0.0.7"],
  "both.test": ["127.0.0.1", "192.168.1.1"],
};
const resolve = async (name: string) => {
  const found = names[name];
  if (!found) throw Object.assign(new Error("no"), { code: "ENOTFOUND" });
  return found;
};
const outside = createOutside({ clock, resolve, test_addresses: [here] });
const at = (path: string, host = "film.test") => `http://${host}:${port}${path}`;
const codeOf = async (url: string, more: Partial<AskedOutside> = {}, from = outside) => {
  try {
    const answer = await from.fetchOutside(url, { ...film, ...more });
    for await (const _ of answer.body);
    return "fetched";
  } catch (error) {
    return error instanceof Problem ? error.code : error instanceof Transient ? "transient" : String(error);
  }
};

describe("what is refused", () => {
  test.each([
    "ftp://film.test/a",
    "file:///etc/passwd",
    "gopher://film.test",
    "javascript:alert(1)",
    "//film.test/a",
    "film.test",
    "",
    "http://me:secret@film.test/",
    "http://film.test:22/",
    "http://film.test:25/",
    `http://film.test/${"x".repeat(2050)}`,
    "http://",
  ])("OU1: %j is no address for us", async (url) => {
    expect(await codeOf(url)).toBe("outside.url_refused");
  });

  test.each([
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "100.127.255.255",
    "127.0.0.1",
    "127.9.9.9",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.2.1",
    "192.168.0.1",
    "192.88.99.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.9",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "::ffff:7f00:1",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::8.8.8.8",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:0:53aa::1",
    "2001:10::1",
    "2001:20::1",
    "2001:db8::1",
    "2002:7f00:1::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "1.2.3",
    "nonsense",
    "",
  ])("OU2: %j is not open", (address) => {
    expect(isOpenAddress(address)).toBe(false);
  });

  test.each([
    "8.8.8.8",
    "1.1.1.1",
    "100.63.255.255",
    "100.128.0.1",
    "172.15.0.1",
    "172.32.0.1",
    "192.167.0.1",
    "198.17.0.1",
    "223.255.255.254",
    "2606:4700::1111",
    "2a00:1450:4001::1",
    "2001:4860::8888",
    "2003::1",
  ])("OU2: %j is", (address) => {
    expect(isOpenAddress(address)).toBe(true);
  });

  test.each([
    "http://127.0.0.1/",
    "http://2130706433/",
    "http://0x7f.1/",
    "http://0177.0.0.1/",
    "http://127.1/",
    "http://[::1]/",
    "http://[::ffff:7f00:1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://169.254.169.254/latest/meta-data/",
    "http://inside.test/",
    "http://nobody.test/",
    "https://10.0.0.1:8443/",
  ])("OU2: %s leads inside, or nowhere, and both get one answer", async (url) => {
    expect(await codeOf(url)).toBe("outside.address_refused");
  });

  test("OU2: a name with one private address among its own is refused whole; test addresses are exact", async () => {
    expect(await codeOf(at("/film", "both.test"))).toBe("outside.address_refused");
    expect(await codeOf(at("/film"), {}, createOutside({ clock, resolve }))).toBe("outside.address_refused");
    const other = createOutside({ clock, resolve, test_addresses: ["127.0.0.1:1"] });
    expect(await codeOf(at("/film"), {}, other)).toBe("outside.address_refused");
  });

  test("OU4: each redirect is checked, and there are not more than five", async () => {
    const to = (url: string) => at(`/to?url=${encodeURIComponent(url)}`);
    expect(await codeOf(to("http://169.254.169.254/"))).toBe("outside.address_refused");
    expect(await codeOf(to(at("/film", "inside.test")))).toBe("outside.address_refused");
    expect(await codeOf(to("file:///etc/passwd"))).toBe("outside.url_refused");
    expect(await codeOf(to(`http://me:x@film.test:${port}/film`))).toBe("outside.url_refused");
    asked = [];
    expect(await codeOf(at("/round?0"))).toBe("outside.redirects");
    expect(asked).toHaveLength(REDIRECTS_MAX + 1);
    expect(await codeOf(to("/film"))).toBe("fetched");
  });

  test("OU5: other types, packed answers, refusals, and what is too large, told or not", async () => {
    expect(await codeOf(at("/page"))).toBe("outside.type_refused");
    expect(await codeOf(at("/packed"))).toBe("outside.encoding");
    expect(await codeOf(at("/nothing"))).toBe("outside.status");
    expect(await codeOf(at("/broken"))).toBe("transient");
    expect(await codeOf(at("/film"), { bytes_max: BYTES.length - 1 })).toBe("outside.too_large");
    expect(await codeOf(at("/film"), { bytes_max: BYTES.length })).toBe("fetched");
    expect(await codeOf(at("/endless"))).toBe("outside.too_large");
    expect(await codeOf(at("/endless"), { bytes_max: Number.MAX_SAFE_INTEGER, ms_max: 200 })).toBe("outside.too_slow");
  });
});

describe("a line that is not what it seems", () => {
  let raw: Server;
  let say: (write: (text: string) => void, end: () => void) => void;
  let raw_port = 0;
  beforeAll(async () => {
    raw = createServer((socket) => {
      socket.on("error", () => {});
      socket.once("data", () =>
        say(
          (text) => socket.write(text),
          () => socket.end(),
        ),
      );
    });
    await new Promise<void>((done) => raw.listen(0, "127.0.0.1", done));
    raw_port = (raw.address() as { port: number }).port;
  });
  afterAll(() => raw.close());
  const HEAD = "HTTP/1.1 200 OK\r\ncontent-type: video/mp4\r\n";
  const open = (more = {}) => createOutside({ clock, resolve, test_addresses: [`127.0.0.1:${raw_port}`], ...more });

  test("OU5: a body that ends early, or stalls, may be tried again", async () => {
    say = (write, end) => (write(`${HEAD}content-length: 10\r\n\r\nabc`), end());
    expect(await codeOf(`http://film.test:${raw_port}/`, {}, open())).toBe("transient");
    const virtual = createVirtualClock();
    say = (write) => write(`${HEAD}content-length: 10\r\n\r\nabc`);
    const answer = await open({ clock: virtual }).fetchOutside(`http://film.test:${raw_port}/`, film);
    const body = answer.body[Symbol.asyncIterator]();
    expect((await body.next()).value).toEqual(new TextEncoder().encode("abc"));
    const next = body.next().then(
      () => "went on",
      (error: unknown) => error,
    );
    await virtual.advance(STALL_MS_MAX);
    expect(await next).toBeInstanceOf(Transient);
  });

  test("OU7: who leaves lets go of the line", async () => {
    const closed = Promise.withResolvers<void>();
    raw.once("connection", (socket) => socket.once("close", () => closed.resolve()));
    say = (write) => write(`${HEAD}content-length: 10\r\n\r\nabc`);
    const answer = await open().fetchOutside(`http://film.test:${raw_port}/`, film);
    for await (const _ of answer.body) break;
    await closed.promise;
    const gone = new AbortController();
    say = () => gone.abort(new Error("left"));
    await expect(
      open().fetchOutside(`http://film.test:${raw_port}/`, { ...film, signal: gone.signal }),
    ).rejects.toThrow("left");
  });
});

describe("what is fetched", () => {
  test("OU3: a name that leads elsewhere the second time is connected to where it was checked", async () => {
    let lookups = 0;
    const rebinding = createOutside({
      clock,
      resolve: async () => (lookups++ === 0 ? ["127.0.0.1"] : ["10.0.0.1"]),
      test_addresses: [here],
    });
    asked = [];
    expect(await codeOf(at("/film", "rebind.test"), {}, rebinding)).toBe("fetched");
    expect([lookups, asked[0]?.host]).toEqual([1, `rebind.test:${port}`]);
    // And each hop is asked for anew: what leads inside by then is refused.
    expect(await codeOf(at("/film", "rebind.test"), {}, rebinding)).toBe("outside.address_refused");
  });

  test.if(Bun.which("openssl") !== null)(
    "OU3: with https the certificate must be the name's, whatever the address",
    async () => {
      const folder = await mkdtemp(join(tmpdir(), "outside-"));
      const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
      const made = Bun.spawnSync([
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-keyout",
        key,
        "-out",
        cert,
        "-days",
        "2",
        "-subj",
        "/CN=film.test",
        "-addext",
        "subjectAltName=DNS:film.test",
      ]);
      expect(made.exitCode).toBe(0);
      const secure = Bun.serve({
        port: 0,
        hostname: "127.0.0.1",
        tls: { key: Bun.file(key), cert: Bun.file(cert) },
        fetch: (request) => new Response(request.headers.get("host"), { headers: { "content-type": "video/mp4" } }),
      });
      const test_ca = await Bun.file(cert).text();
      const safe = createOutside({
        clock,
        resolve: async () => ["127.0.0.1"],
        test_addresses: [`127.0.0.1:${secure.port}`],
        test_ca,
      });
      const answer = await safe.fetchOutside(`https://film.test:${secure.port}/`, film);
      expect(await new Response(answer.body as never).text()).toBe(`film.test:${secure.port}`);
      expect(await codeOf(`https://other.test:${secure.port}/`, {}, safe)).toBe("transient");
      await secure.stop(true);
      await rm(folder, { recursive: true });
    },
  );

  test("OU6: goes on by range where it is the same, and says so where it is not", async () => {
    const whole = await outside.fetchOutside(at("/film"), film);
    expect(whole).toMatchObject({ media_type: "video/mp4", size_bytes: BYTES.length, etag: '"one"', from_byte: 0 });
    for await (const _ of whole.body) break;
    const rest = await outside.fetchOutside(at("/film"), { ...film, resume: { from_byte: 1000, etag: '"one"' } });
    expect([rest.from_byte, rest.size_bytes]).toEqual([1000, BYTES.length]);
    expect(new Uint8Array(await new Response(rest.body as never).arrayBuffer())).toEqual(BYTES.slice(1000));
    const other = await outside.fetchOutside(at("/film"), { ...film, resume: { from_byte: 1000, etag: '"two"' } });
    expect([other.from_byte, other.size_bytes]).toEqual([0, BYTES.length]);
    for await (const _ of other.body) break;
  });
});

describe("what is sent", () => {
  const sent = { headers: { ttl: "60" }, body: new TextEncoder().encode("hello"), ms_max: 10_000 };

  test("OU8: nothing goes to an address that is not open, nor to one that is none", async () => {
    for (const [url, code] of [
      [at("/taken", "inside.test"), "outside.address_refused"],
      [at("/taken", "both.test"), "outside.address_refused"],
      ["file:///etc/passwd", "outside.url_refused"],
    ] as const)
      expect(await outside.sendOutside(url, sent).catch((error: unknown) => (error as Problem).code)).toBe(code);
  });

  test("OU8: any status is the answer, and a redirect is followed nowhere", async () => {
    expect(await outside.sendOutside(at("/taken"), sent)).toEqual({ status: 201, retry_after: null });
    expect(await outside.sendOutside(at("/busy"), sent)).toEqual({ status: 429, retry_after: "120" });
    expect(await outside.sendOutside(at("/endless"), sent)).toMatchObject({ status: 200 });
    asked = [];
    expect(await outside.sendOutside(at(`/to?url=${encodeURIComponent(at("/taken"))}`), sent)).toMatchObject({
      status: 302,
    });
    expect(asked.length).toBe(1);
  });

  test("OU8: words are read as far as they were asked for, and at the end of the time that is what there was", async () => {
    const asked_words = { ...sent, answer_bytes_max: 4 };
    const words = async (path: string, more = asked_words) =>
      new TextDecoder().decode((await outside.sendOutside(at(path), more)).words);
    expect(await words("/busy")).toBe("late");
    expect(await words("/taken")).toBe("5");
    const endless = await outside.sendOutside(at("/endless"), { ...sent, answer_bytes_max: 1_024 });
    expect(endless.words).toEqual(BYTES.slice(0, 1_024));
    expect(await words("/hangs", { ...asked_words, answer_bytes_max: 100, ms_max: 300 })).toBe("so far");
  });

  test("OU8: no answer in time may be tried again", async () => {
    const silent = createServer((socket) => void socket.on("end", () => socket.destroy()).on("error", () => {}));
    await new Promise<void>((resolved) => silent.listen(0, "127.0.0.1", resolved));
    const address = `127.0.0.1:${(silent.address() as { port: number }).port}`;
    const patient = createOutside({ clock, resolve, test_addresses: [address] });
    const url = `http://film.test:${address.split(":")[1]}/`;
    expect(await patient.sendOutside(url, { ...sent, ms_max: 50 }).catch((error: unknown) => error)).toBeInstanceOf(
      Transient,
    );
    await new Promise((closed) => silent.close(closed));
  });
});
