import { afterAll, describe, expect, test } from "bun:test";

import { Transient } from "#kernel/errors.ts";
import { mailContract } from "#ports/mail/contract.suite.ts";
import { MailRefused, type StoredMail } from "#ports/mail/index.ts";

import { LINES_MAX } from "./bounds.ts";
import { messageIdOf, parseSmtpUrl, senderOf } from "./index.ts";
import {
  failure,
  FROM,
  letter,
  openMail,
  type Received,
  type Refusal,
  SECRET,
  type TestMailServer,
  testMailServer,
} from "./testing.ts";

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
  const mail = await openMail(server.port, { clock });
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

const refusals = new Map<string, { rcpt?: Refusal | undefined; data?: Refusal | undefined }>();
const server = await testMailServer(
  {},
  { rcpt: (to) => refusals.get(to)?.rcpt ?? null, data: (to) => refusals.get(to)?.data ?? null },
);
const answering = { server, mail: await openMail(server.port) };
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
    await using mail = await openMail(server.port);
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
    await using wrong = await openMail(server.port, { url: `smtp://house:hunter2@127.0.0.1:${server.port}?tls=0` });
    for (const error of [await failure(wrong.send(letter("k"))), await failure(wrong.check())]) {
      expect(error).toBeInstanceOf(Transient);
      expect(String(error)).toContain("sign in");
      expect(String(error)).not.toContain("hunter2");
    }
    await using right = await openMail(server.port, { url: `smtp://house:right@127.0.0.1:${server.port}?tls=0` });
    await right.check();
    await right.send(letter("k"));
    expect(server.received).toMatchObject([{ user: "house" }]);
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
    await using mail = await openMail(server.port);
    await Promise.all(Array.from({ length: 40 }, (_, i) => mail.send(letter(`k${i}`))));
    expect(server.received).toHaveLength(40);
    expect(most).toBe(LINES_MAX);
    expect(server.lines()).toBe(LINES_MAX);
  });

  test("ML19: one that the server closed meanwhile is made anew", async () => {
    await using server = await testMailServer();
    await using mail = await openMail(server.port);
    for (let i = 0; i < 3; i++) {
      await mail.send(letter(`k${i}`));
      server.drop();
    }
    expect(server.received).toHaveLength(3);
    expect(server.lines()).toBeGreaterThanOrEqual(3);
  });

  test("ML19: a refusal does not cost a line", async () => {
    await using server = await testMailServer({}, { rcpt: () => ({ code: 550, words: "5.1.1 no" }) });
    await using mail = await openMail(server.port);
    for (let i = 0; i < 12; i++) expect(await failure(mail.send(letter(`k${i}`)))).toBeInstanceOf(MailRefused);
    expect(server.lines()).toBeLessThanOrEqual(LINES_MAX);
  });
});
