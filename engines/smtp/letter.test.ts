import { describe, expect, test } from "bun:test";
import { createHash, createPublicKey, createVerify, generateKeyPairSync } from "node:crypto";

import { failure, FROM, letter, openMail, type Received, testMailServer } from "./testing.ts";

describe("a letter", () => {
  test("ML11: comes from the house, in text and HTML, with one line each for whoever ends it by one press", async () => {
    await using server = await testMailServer();
    await using mail = await openMail(server.port);
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
    await using mail = await openMail(server.port);
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
      await using mail = await openMail(server.port, more);
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
    await using mail = await openMail(server.port, { dkim: { selector: "house1", key_pem } });
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
      expect(await failure(openMail(1, { dkim: { selector: "house1", key_pem } }))).toBeInstanceOf(RangeError);
    expect(await failure(openMail(1, { dkim: { selector: "a; d=evil", key_pem: "x" } }))).toBeInstanceOf(RangeError);
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
