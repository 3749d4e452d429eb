import { afterAll, expect, test } from "bun:test";
import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { natureOf } from "#kernel/errors.ts";
import { createVirtualClock, type VirtualClock } from "#ports/clock/index.ts";

import { mailContract } from "./contract.suite.ts";
import { createOutboxMail, MailRefused } from "./index.ts";

const root = await mkdtemp(join(tmpdir(), "mail-"));
afterAll(() => rm(root, { recursive: true, force: true }));

let counter = 0;
const open = (clock: VirtualClock, messages_max?: number) => {
  const folder = join(root, String(counter++));
  const mail = createOutboxMail({ folder, clock, ...(messages_max === undefined ? {} : { messages_max }) });
  return { ...mail, folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
};

mailContract("a folder", async (clock) => open(clock));

const message = (key: string) => ({ key, to: "anna@example.org", subject: "Hej", text: "Hej" });

test("ML5: a key never reaches a path, and nobody else reads the files", async () => {
  await using mail = open(createVirtualClock());
  await mail.send(message("../../outside"));
  const files = await readdir(mail.folder);
  expect(files).toEqual([expect.stringMatching(/^[0-9a-f]{64}\.json$/)]);
  expect((await stat(mail.folder)).mode & 0o777).toBe(0o700);
  expect((await stat(join(mail.folder, files[0] ?? ""))).mode & 0o777).toBe(0o600);
});

test("ML2: a mail that could not be kept is not told as sent", async () => {
  const file = join(root, "file");
  await writeFile(file, "");
  const nowhere = createOutboxMail({ folder: join(file, "outbox"), clock: createVirtualClock() });
  await expect(nowhere.send(message("k"))).rejects.toThrow("ENOTDIR");
});

test("ML6: the outbox is bounded and the oldest go", async () => {
  const clock = createVirtualClock();
  await using mail = open(clock, 3);
  for (let i = 0; i < 5; i++) {
    await mail.send(message(`k${i}`));
    await clock.advance(1000);
  }
  expect((await mail.outbox(10)).map(({ key }) => key)).toEqual(["k4", "k3", "k2"]);
});

test("ML2: what a crash left half written is no mail", async () => {
  await using mail = open(createVirtualClock());
  await mail.send(message("k1"));
  await writeFile(join(mail.folder, ".0123456789abcdef01234567"), '{ "key": "ha');
  expect((await mail.outbox(10)).map(({ key }) => key)).toEqual(["k1"]);
});

test("ML8: of a server's words one visible line is kept, and of what it refused", () => {
  const refused = new MailRefused("address", `550 5.1.1\r\n No\u202e such\u0000 user ${"x".repeat(5_000)}\ud83d`);
  expect(refused.reply).toMatch(/^550 5\.1\.1 No such user x+$/);
  expect(refused.reply.length).toBe(300);
  expect(refused).toMatchObject({ of: "address", message: expect.stringContaining("refused the address") });
  expect(natureOf(refused)).toBe("permanent");
});

test("ML9: who writes is in the message and is one line", async () => {
  await using mail = open(createVirtualClock());
  await mail.send({ ...message("k1"), from_name: "Folkets hus" });
  expect(await mail.outbox(1)).toMatchObject([{ from_name: "Folkets hus" }]);
});
