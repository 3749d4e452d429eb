import { describe, expect, test } from "bun:test";

import { Problem } from "#kernel/errors.ts";
import { createVirtualClock, type VirtualClock } from "#ports/clock/index.ts";

import type { Mail } from "./index.ts";

/** The contract of SPEC.md. `sent` reads what has been sent, the newest first. */
export function mailContract(engine: string, open: (clock: VirtualClock) => Promise<Mail & AsyncDisposable>): void {
  describe(`mail on ${engine}`, () => {
    const good = {
      key: "invite-1",
      to: "anna@example.org",
      subject: "Välkommen",
      text: "Hej!\nhttps://house.example/i/1",
    };

    test.each([
      { to: "" },
      { to: "anna" },
      { to: "anna@example.org, eve@example.org" },
      { to: "anna@example.org\r\nBcc: eve@example.org" },
      { to: "Anna <anna@example.org>" },
      { to: `${"a".repeat(65)}@example.org` },
      { subject: "" },
      { subject: "Hej\r\nBcc: eve@example.org" },
      { subject: "x".repeat(201) },
      { from_name: "House\r\nBcc: eve@example.org" },
      { from_name: "x".repeat(101) },
      { text: "x".repeat(65_537) },
      { key: "" },
      { key: "k".repeat(201) },
      { html: "x".repeat(262_145) },
      { unsubscribe_url: "mailto:stop@house.example" },
      { unsubscribe_url: "https://house.example/a>\r\nBcc: eve@example.org" },
      { unsubscribe_url: "https://house.example/ö" },
      { unsubscribe_url: `https://house.example/${"x".repeat(1_000)}` },
    ])("ML1: %j is refused and nothing is sent", async (part) => {
      await using mail = await open(createVirtualClock());
      const error: unknown = await mail.send({ ...good, ...part }).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(Problem);
      expect(error).toMatchObject({ status: 422, code: "mail.message" });
      expect(await mail.outbox(10)).toEqual([]);
    });

    test("ML7: a letter carries its HTML and where one unsubscribes", async () => {
      await using mail = await open(createVirtualClock());
      const letter = {
        ...good,
        from_name: "The house",
        html: "<p>Hej!</p>",
        unsubscribe_url: "https://house.example/v1/stop/a-b_c.d",
      };
      await mail.send(letter);
      expect(await mail.outbox(1)).toMatchObject([letter]);
    });

    test("ML3: a key is sent once, also when ten send it at the same moment", async () => {
      await using mail = await open(createVirtualClock());
      await Promise.all(Array.from({ length: 10 }, (_, i) => mail.send({ ...good, text: `number ${i}` })));
      await mail.send(good);
      await mail.send({ ...good, key: "invite-2" });
      expect((await mail.outbox(10)).map(({ key }) => key).sort()).toEqual(["invite-1", "invite-2"]);
    });

    test("ML4: what was sent is there, the newest first", async () => {
      const clock = createVirtualClock();
      await using mail = await open(clock);
      const at = clock.now();
      await mail.send(good);
      await clock.advance(5000);
      await mail.send({ ...good, key: "../../reset 2" });
      expect(await mail.outbox(10)).toEqual([
        { ...good, key: "../../reset 2", at: new Date(at + 5000) },
        { ...good, at: new Date(at) },
      ]);
      expect(await mail.outbox(1)).toHaveLength(1);
      expect(await mail.outbox(0)).toEqual([]);
    });
  });
}
