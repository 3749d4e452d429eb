import { afterAll, describe, expect, test } from "bun:test";
import { createHash, createPublicKey, createVerify, generateKeyPairSync } from "node:crypto";

import { Transient } from "#kernel/errors.ts";
import { createSystemClock, createVirtualClock } from "#ports/clock/index.ts";
import { mailContract } from "#ports/mail/contract.suite.ts";
import { MailRefused, type StoredMail } from "#ports/mail/index.ts";

import { LINES_MAX } from "./bounds.ts";
import { createSmtpMail, messageIdOf, parseSmtpUrl, senderOf, type SmtpMailNeeds } from "./index.ts";
import {
  lyingServer,
  type Received,
  type Refusal,
  testCertificate,
  type TestMailServer,
  testMailServer,
} from "./testing.ts";

const FROM = "house@house.example";
const SECRET = "a secret of letters with enough of them";
const system = createSystemClock();
const open = (port: number, more: Partial<SmtpMailNeeds> = {}) =>
  createSmtpMail({ url: `smtp://127.0.0.1:${port}?tls=0`, from: FROM, secret: SECRET, clock: system, ...more });
const letter = (key: string, to = "anna@example.org") => ({ key, to, subject: "Hej", text: "Hej Anna!" });
const failure = (asked: Promise<unknown>): Promise<unknown> =>
  asked.then(
    () => null,
    (error: unknown) => error,
  );
const certificate = await testCertificate();
afterAll(() => certificate?.[Symbol.asyncDispose]());

/** What a real reader makes of what a real server took, as the contract wants it. */
function storedOf({ mail }: Received, keys: ReadonlyMap<string, string>): StoredMail {
  const list = mail.headers.find(({ key }) => key === "list-unsubscribe")?.value;
  return {
    key: keys.get(mail.messageId!)!,
    at: new Date(mail.date!),
    to: mail.to![0]!.address!,
    subject: mail.subject!,
    text: mail.text!.trimEnd(),
    ...(mail.from!.name ? { from_name: mail.from!.name } : {}),
    ...(mail.html ? { html: mail.html.trimEnd() } : {}),
    ...(list ? { unsubscribe_url: list.slice(1, -1) } : {}),
  };
}

mailContract("an SMTP server", async (clock) => {
  const server = await testMailServer();
  const mail = await open(server.port, { clock });
  const keys = new Map<string, string>();
  return {
    ...mail,
    async send(message) {
      keys.set(messageIdOf({ from: FROM, secret: SECRET }, message.key), message.key);
      await mail.send(message);
    },
    outbox: async (limit) =>
      server.received
        .toReversed()
        .slice(0, limit)
        .map((one) => storedOf(one, keys)),
    async [Symbol.asyncDispose]() {
      await mail[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
});

describe("SMTP_URL", () => {
  test.each([
    ["http://h"],
    ["smtp://"],
    ["smtp://h/inbox"],
    ["smtp://h?starttls=no"],
    ["smtp://h?tls=maybe"],
    ["smtps://h?tls=0"],
    ["smtp://hunter2@h"],
    ["smtp://u:hunter2@h?tls=0"],
    ["smtp://u:hunter2%0d%0aQUIT@h"],
    ["smtp://u:hunter2%zz@h"],
  ])("ML10: %s is refused, and what is in it is not repeated", (url) => {
    const error = (() => {
      try {
        return parseSmtpUrl(url);
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(error).toBeInstanceOf(RangeError);
    expect(String(error)).toContain("SMTP_URL");
    expect(String(error)).not.toContain("hunter2");
  });

  test("ML10: its forms say port, seal and who signs in", () => {
    expect(parseSmtpUrl("smtp://mail.example")).toMatchObject({ port: 587, seal: "starttls", login: null });
    expect(parseSmtpUrl("smtps://post%40h.se:p%2Fw@mail.example?ca=/etc/ca.pem")).toEqual({
      host: "mail.example",
      port: 465,
      seal: "tls",
      login: { user: "post@h.se", password: "p/w" },
      ca_file: "/etc/ca.pem",
    });
    expect(parseSmtpUrl("smtp://u:p@[::1]:25?tls=0")).toMatchObject({ host: "::1", port: 25, seal: "none" });
    expect(senderOf(parseSmtpUrl("smtp://post%40h.se:p@mail.example"), null)).toBe("post@h.se");
    expect(senderOf(parseSmtpUrl("smtp://post%40h.se:p@mail.example"), "house@h.se")).toBe("house@h.se");
    expect(senderOf(parseSmtpUrl("smtp://apikey:p@mail.example"), null)).toBeNull();
    expect(senderOf(parseSmtpUrl("smtp://mail.example"), "a\r\nb@h.se")).toBeNull();
  });
});

describe("a letter", () => {
  test("ML11: comes from the house, in text and HTML, with one line each for whoever ends it by one press", async () => {
    await using server = await testMailServer();
    await using mail = await open(server.port);
    const unsubscribe_url = `https://house.example/v1/notifications/unsubscribe/${"a-b_c.d".repeat(20)}`;
    await mail.send({
      ...letter("k"),
      subject: "Ärende 🏠",
      html: "<p>Hej</p>",
      from_name: 'Folkets "hus"',
      unsubscribe_url,
    });
    await mail.send({ ...letter("plain"), unsubscribe_url: "http://10.0.0.1/stop" });
    const [one, other] = server.received;
    expect(one).toMatchObject({ from: FROM, to: "anna@example.org" });
    expect(one!.mail).toMatchObject({
      from: { name: 'Folkets "hus"', address: FROM },
      subject: "Ärende 🏠",
      html: "<p>Hej</p>\n",
      text: "Hej Anna!\n",
    });
    expect(one!.raw).toContain(`\r\nList-Unsubscribe: <${unsubscribe_url}>\r\n`);
    expect(one!.raw).toContain("\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n");
    expect(one!.raw).toContain("Auto-Submitted: auto-generated\r\n");
    // RFC 8058 is for https alone.
    expect(other!.raw).toContain("\r\nList-Unsubscribe: <http://10.0.0.1/stop>\r\n");
    expect(other!.raw).not.toContain("List-Unsubscribe-Post");
  });

  test("ML11: no words become a header, an address or a line of SMTP", async () => {
    await using server = await testMailServer();
    await using mail = await open(server.port);
    const text = "Hej\r\n.\r\nMAIL FROM:<eve@example.org>\r\nRCPT TO:<eve@example.org>\r\n..\n.\nslut";
    await mail.send({
      ...letter("k"),
      text,
      from_name: "Eve <eve@example.org>, Anna",
      subject: "=?utf-8?q?a=0D=0ABcc:_x?=",
    });
    expect(server.received).toHaveLength(1);
    const [{ mail: got, to }] = server.received as [Received];
    expect(to).toBe("anna@example.org");
    expect(got.from).toEqual({ name: "Eve <eve@example.org>, Anna", address: FROM });
    expect(got.text!.replaceAll("\r\n", "\n")).toBe(`${text.replaceAll("\r\n", "\n")}\n`);
    expect(got.headers.map(({ key }) => key)).not.toContain("bcc");
    expect(got.subject).toBe("= ?utf-8?q?a=0D=0ABcc:_x?=");
  });

  test("ML12: a key has one Message-ID, in every process of the house and in no other house", async () => {
    await using server = await testMailServer();
    for (const more of [{}, {}, { secret: "another house with another secret" }]) {
      await using mail = await open(server.port, more);
      await mail.send(letter("notify.digest:7"));
    }
    const ids = server.received.map(({ mail }) => mail.messageId);
    expect(ids[0]).toMatch(/^<[0-9a-f]{40}@house\.example>$/);
    expect(ids[1]).toBe(ids[0]!);
    expect(ids[2]).not.toBe(ids[0]!);
  });

  test("ML13: with a key it is signed for the sender's domain, its way out included", async () => {
    const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const key_pem = privateKey.export({ type: "pkcs8", format: "pem" }) as string;
    await using server = await testMailServer();
    await using mail = await open(server.port, { dkim: { selector: "house1", key_pem } });
    await mail.send({
      ...letter("k"),
      text: "Hej  Anna!  \nå\n\n\n",
      unsubscribe_url: "https://house.example/stop/a.b",
    });
    const { raw } = server.received[0]!;
    const { tags, verified } = verifyDkim(raw, publicKey.export({ type: "spki", format: "pem" }) as string);
    expect(tags).toMatchObject({ d: "house.example", s: "house1", a: "rsa-sha256" });
    expect(tags.h!.toLowerCase().split(":")).toEqual(
      expect.arrayContaining(["from", "to", "subject", "message-id", "list-unsubscribe", "list-unsubscribe-post"]),
    );
    expect(verified).toBe(true);
    expect(
      verifyDkim(raw.replace("Anna!", "Arne!"), publicKey.export({ type: "spki", format: "pem" }) as string).verified,
    ).toBe(false);
  });

  test("ML13: a key that signs nothing is refused at the start, not found out by silence", async () => {
    const { privateKey } = generateKeyPairSync("ed25519");
    for (const key_pem of ["no key", privateKey.export({ type: "pkcs8", format: "pem" }) as string])
      expect(await failure(open(1, { dkim: { selector: "house1", key_pem } }))).toBeInstanceOf(RangeError);
    expect(await failure(open(1, { dkim: { selector: "a; d=evil", key_pem: "x" } }))).toBeInstanceOf(RangeError);
  });
});

const refusals = new Map<string, { rcpt?: Refusal | undefined; data?: Refusal | undefined }>();
const server = await testMailServer(
  {},
  { rcpt: (to) => refusals.get(to)?.rcpt ?? null, data: (to) => refusals.get(to)?.data ?? null },
);
const answering = { server, mail: await open(server.port) };
afterAll(async () => {
  await answering.mail[Symbol.asyncDispose]();
  await answering.server[Symbol.asyncDispose]();
});

describe("what a server answers", () => {
  const answers: [string, { rcpt?: Refusal; data?: Refusal }, "address" | "letter" | "later"][] = [
    ["nobody of that name", { rcpt: { code: 550, words: "5.1.1 No such user here" } }, "address"],
    ["no such mailbox, without a code", { rcpt: { code: 550, words: "Unknown mailbox" } }, "address"],
    ["a mailbox that is shut", { rcpt: { code: 550, words: "5.2.1 Mailbox disabled" } }, "address"],
    ["a mailbox that is full", { rcpt: { code: 552, words: "5.2.2 Over quota" } }, "letter"],
    ["a server that passes nothing on", { rcpt: { code: 554, words: "5.7.1 Relay access denied" } }, "letter"],
    ["the same, without a code", { rcpt: { code: 550, words: "relay not permitted" } }, "letter"],
    ["a letter like spam", { data: { code: 554, words: "5.7.1 Looks like spam" } }, "letter"],
    ["a grey list", { rcpt: { code: 451, words: "4.7.1 Come back in five minutes" } }, "later"],
    ["a full disk", { data: { code: 452, words: "4.3.1 No room" } }, "later"],
    ["a server that stops", { rcpt: { code: 421, words: "4.3.2 Going down" } }, "later"],
    ["a server that takes no mail", { rcpt: { code: 521, words: "5.3.2 Not today" } }, "later"],
  ];
  test.each(answers)("ML14: %s", async (name, { rcpt, data }, meaning) => {
    const to = `${name.replaceAll(/[^a-z]/g, "-")}@example.org`;
    refusals.set(to, { rcpt, data });
    const error = await failure(answering.mail.send(letter(name, to)));
    if (meaning === "later") expect(error).toBeInstanceOf(Transient);
    else {
      expect(error).toBeInstanceOf(MailRefused);
      expect((error as MailRefused).of).toBe(meaning);
      expect((error as MailRefused).reply).toContain((rcpt ?? data)!.words.slice(6));
    }
    // What was not taken is not taken for sent.
    refusals.delete(to);
    await answering.mail.send(letter(name, to));
    expect(answering.server.received.filter((one) => one.to === to)).toHaveLength(1);
  });

  test("ML14: what it says is one line and bounded, whatever it says", async () => {
    const words = `5.1.1 No\u202e ${"x".repeat(2_000)}`;
    await using server = await testMailServer({}, { rcpt: () => ({ code: 550, words }) });
    await using mail = await open(server.port);
    const error = (await failure(mail.send(letter("k")))) as MailRefused;
    expect(error.reply.length).toBeLessThanOrEqual(300);
    expect(error.reply).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });

  test("ML15: a sign-in that fails is between the house and its server: the letter waits, and nobody's address is to blame", async () => {
    await using server = await testMailServer({
      authOptional: false,
      allowInsecureAuth: true,
      onAuth: ({ username, password }, _session, done) =>
        password === "right" ? done(null, { user: username }) : done(new Error("5.7.8 Wrong")),
    });
    await using wrong = await open(server.port, { url: `smtp://house:hunter2@127.0.0.1:${server.port}?tls=0` });
    for (const error of [await failure(wrong.send(letter("k"))), await failure(wrong.check())]) {
      expect(error).toBeInstanceOf(Transient);
      expect(String(error)).toContain("sign in");
      expect(String(error)).not.toContain("hunter2");
    }
    await using right = await open(server.port, { url: `smtp://house:right@127.0.0.1:${server.port}?tls=0` });
    await right.check();
    await right.send(letter("k"));
    expect(server.received).toMatchObject([{ user: "house" }]);
  });
});

describe.if(certificate !== null)("the seal", () => {
  const { key, cert, file } = certificate ?? { key: "", cert: "", file: "" };
  const sealed = (port: number, scheme = "smtp", ca = file, host = "localhost") =>
    open(port, { url: `${scheme}://house:hunter2@${host}:${port}?ca=${ca}` });
  const signIn = {
    onAuth: (auth: { username?: string }, _s: unknown, done: (e: null, a: { user: string }) => void) =>
      done(null, { user: auth.username! }),
  };

  test("ML16: STARTTLS and TLS from the first byte both seal the line", async () => {
    await using starting = await testMailServer({ key, cert, ...signIn } as never);
    await using one = await sealed(starting.port);
    await one.check();
    await one.send(letter("k"));
    expect(starting.received).toMatchObject([{ secure: true, user: "house" }]);
    await using direct = await testMailServer({ key, cert, secure: true, ...signIn } as never);
    await using other = await sealed(direct.port, "smtps");
    await other.send(letter("k"));
    expect(direct.received).toMatchObject([{ secure: true, user: "house" }]);
  });

  test("ML16: a server that offers no STARTTLS gets no letter and no password", async () => {
    await using bare = await lyingServer("220 here\r\n", (line) =>
      line.startsWith("EHLO") ? "250-here\r\n250 AUTH PLAIN LOGIN\r\n" : "500 no\r\n",
    );
    await using mail = await sealed(bare.port);
    const error = await failure(mail.send(letter("k")));
    expect(error).toBeInstanceOf(Transient);
    expect(String(error)).toContain("sealed");
    expect(bare.heard.filter((line) => !/^(EHLO|HELO|STARTTLS|QUIT)/.test(line))).toEqual([]);
  });

  test("ML16: nor does one whose certificate is not trusted, or another's", async () => {
    await using server = await testMailServer({ key, cert, ...signIn } as never);
    for (const mail of [
      await open(server.port, { url: `smtp://house:hunter2@localhost:${server.port}` }),
      await sealed(server.port, "smtp", file, "127.0.0.1"),
    ]) {
      await using own = mail;
      expect(await failure(own.send(letter("k")))).toBeInstanceOf(Transient);
    }
    expect(server.received).toEqual([]);
  });

  test("ML16: what was slipped in behind the leave to start TLS is no answer", async () => {
    await using slips = await lyingServer("220 here\r\n", (line) =>
      line.startsWith("EHLO")
        ? "250-here\r\n250 STARTTLS\r\n"
        : line === "STARTTLS"
          ? "220 go\r\n250-here\r\n250 AUTH PLAIN\r\n235 in\r\n"
          : null,
    );
    await using mail = await open(slips.port, {
      url: `smtp://house:hunter2@localhost:${slips.port}?ca=${file}`,
      silence_ms_max: 400,
    });
    expect(await failure(mail.send(letter("k")))).toBeInstanceOf(Transient);
    expect(slips.heard.join("\n")).not.toContain("AUTH");
  });
});

describe("a server that is gone, slow or lies", () => {
  const hello = (line: string) =>
    line.startsWith("EHLO") ? "250 here\r\n" : /^(MAIL|RCPT|RSET)/.test(line) ? "250 fine\r\n" : null;
  const later = async (asked: Promise<unknown>, words: string) => {
    const error = await failure(asked);
    expect(error).toBeInstanceOf(Transient);
    expect(String(error)).toContain(words);
  };

  test("ML17: where nobody listens it says so, and goes on when somebody does", async () => {
    const gone = await testMailServer();
    await gone[Symbol.asyncDispose]();
    await using mail = await open(gone.port);
    await later(mail.send(letter("k")), "away");
    await later(mail.check(), "away");
  });

  test("ML17: one that never greets is given up", async () => {
    await using mute = await lyingServer(null, () => null);
    await using mail = await open(mute.port, { silence_ms_max: 300 });
    await later(mail.send(letter("k")), "slow");
  });

  test("ML17: one that says a little now and then, and never ends, is given up as a whole", async () => {
    const clock = createVirtualClock();
    const talking = Promise.withResolvers<void>();
    await using trickles = await lyingServer("220 here\r\n", (line, socket) => {
      if (!line.startsWith("EHLO")) return null;
      const more = setInterval(() => socket.write("250-and more\r\n"), 20);
      socket.on("close", () => clearInterval(more));
      talking.resolve();
      return "250-here\r\n";
    });
    await using mail = await open(trickles.port, { clock });
    const asked = mail.send(letter("k"));
    await talking.promise;
    await clock.advance(60_000);
    await later(asked, "slow");
  });

  test("ML17: one that speaks another language, or without end, is told from one that refuses", async () => {
    await using other = await lyingServer("HTTP/1.1 400 Bad Request\r\n\r\n", () => null);
    await using mail = await open(other.port);
    await later(mail.send(letter("k")), "mail server");
    await using endless = await lyingServer(`220-${"x".repeat(200_000)}`, () => null);
    await using patient = await open(endless.port, { silence_ms_max: 2_000 });
    await later(patient.send(letter("k")), "mail server");
  });

  test("ML18: one that dies between the letter and its answer gets it again, by the same name", async () => {
    const ids: string[] = [];
    let dies = true;
    await using server = await lyingServer("220 here\r\n", (line, socket) => {
      const id = /^Message-ID: (.*)$/i.exec(line)?.[1];
      if (id) ids.push(id);
      if (line === "DATA") return "354 go on\r\n";
      if (line === ".") {
        if (dies) socket.destroy();
        return "250 taken\r\n";
      }
      return hello(line);
    });
    await using mail = await open(server.port);
    await later(mail.send(letter("k")), "away");
    // By itself the engine never sends again what may have been taken: that is for its caller, who knows how often.
    expect(ids).toHaveLength(1);
    dies = false;
    await mail.send(letter("k"));
    expect(ids).toEqual([ids[0]!, ids[0]!]);
  });

  test("ML18: a process that is killed between the server's answer and its own note sends it again, by the same name", async () => {
    await using server = await testMailServer();
    const child = () =>
      Bun.spawn([process.execPath, `${import.meta.dirname}/kill-worker.ts`, String(server.port)], {
        stdio: ["ignore", "pipe", "inherit"],
      });
    const first = child();
    expect((await first.stdout.getReader().read()).done).toBe(false);
    first.kill(9);
    await first.exited;
    const second = child();
    expect((await second.stdout.getReader().read()).done).toBe(false);
    second.kill(9);
    await second.exited;
    expect(server.received).toHaveLength(2);
    expect(server.received[1]!.mail.messageId).toBe(server.received[0]!.mail.messageId!);
  });
});

describe("lines to the server", () => {
  test("ML19: are used again, and never more than their bound", async () => {
    let open_now = 0;
    let most = 0;
    const wait = Promise.withResolvers<void>();
    await using server: TestMailServer = await testMailServer(
      {},
      {
        data: async () => {
          most = Math.max(most, ++open_now);
          if (most === LINES_MAX) wait.resolve();
          await wait.promise;
          open_now--;
          return null;
        },
      },
    );
    await using mail = await open(server.port);
    await Promise.all(Array.from({ length: 40 }, (_, i) => mail.send(letter(`k${i}`))));
    expect(server.received).toHaveLength(40);
    expect(most).toBe(LINES_MAX);
    expect(server.lines()).toBe(LINES_MAX);
  });

  test("ML19: one that the server closed meanwhile is made anew", async () => {
    await using server = await testMailServer();
    await using mail = await open(server.port);
    for (let i = 0; i < 3; i++) {
      await mail.send(letter(`k${i}`));
      server.drop();
    }
    expect(server.received).toHaveLength(3);
    expect(server.lines()).toBeGreaterThanOrEqual(3);
  });

  test("ML19: a refusal does not cost a line", async () => {
    await using server = await testMailServer({}, { rcpt: () => ({ code: 550, words: "5.1.1 no" }) });
    await using mail = await open(server.port);
    for (let i = 0; i < 12; i++) expect(await failure(mail.send(letter(`k${i}`)))).toBeInstanceOf(MailRefused);
    expect(server.lines()).toBeLessThanOrEqual(LINES_MAX);
  });
});

/** RFC 6376, relaxed/relaxed, written from the RFC and apart from what signs. */
function verifyDkim(raw: string, public_pem: string): { tags: Record<string, string>; verified: boolean } {
  const split = raw.indexOf("\r\n\r\n");
  const fields = raw.slice(0, split).split(/\r\n(?![ \t])/);
  const body = raw.slice(split + 4);
  const relaxed = (field: string) => {
    const colon = field.indexOf(":");
    const value = field
      .slice(colon + 1)
      .replace(/\r\n/g, "")
      .replace(/[ \t]+/g, " ")
      .trim();
    return `${field.slice(0, colon).trim().toLowerCase()}:${value}`;
  };
  const signature = fields.find((field) => /^dkim-signature:/i.test(field))!;
  const tags = Object.fromEntries(
    signature
      .slice(signature.indexOf(":") + 1)
      .split(";")
      .map((tag) => tag.replace(/\s+/g, ""))
      .filter((tag) => tag !== "")
      .map((tag) => [tag.slice(0, tag.indexOf("=")), tag.slice(tag.indexOf("=") + 1)]),
  ) as Record<string, string>;
  const canonical = `${body
    .split("\r\n")
    .map((line) => line.replace(/[ \t]+/g, " ").replace(/ $/, ""))
    .join("\r\n")
    .replace(/(\r\n)+$/, "")}\r\n`;
  const body_hash = createHash("sha256").update(canonical, "latin1").digest("base64");
  const pool = [...fields];
  const signed = tags.h!.split(":").flatMap((name) => {
    const at = pool.findLastIndex((field) => field.toLowerCase().startsWith(`${name.toLowerCase()}:`));
    return at < 0 ? [] : pool.splice(at, 1).map(relaxed);
  });
  const head = [...signed, relaxed(signature).replace(/(;\s*b=)[^;]*/, "$1")].join("\r\n");
  const right = createVerify("rsa-sha256")
    .update(head, "latin1")
    .verify(createPublicKey(public_pem), tags.b!, "base64");
  return { tags, verified: right && body_hash === tags.bh };
}
