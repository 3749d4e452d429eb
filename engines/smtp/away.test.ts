import { expect, test } from "bun:test";

import { Transient } from "#kernel/errors.ts";
import { createAsker, createCalls, isUnasked } from "#ports/calls/index.ts";
import { createVirtualClock } from "#ports/clock/index.ts";

import { AWAY_MS_MIN, FAILURES_MAX } from "./bounds.ts";
import { failure, letter, lyingServer, openMail } from "./testing.ts";

/** How it answers: it hangs up, puts everything off, or takes it. */
let manner: "hangs up" | "puts off" | "takes" = "hangs up";
const server = () =>
  lyingServer("220 here\r\n", (line, socket) => {
    if (manner === "hangs up") {
      socket.destroy();
      return null;
    }
    if (line.startsWith("EHLO") || line.startsWith("MAIL") || line === "RSET") return "250 fine\r\n";
    if (line.startsWith("RCPT")) return manner === "puts off" ? "451 4.7.1 Come back later\r\n" : "250 fine\r\n";
    if (line === "DATA") return "354 go on\r\n";
    return line === "." ? "250 taken\r\n" : null;
  });

test("ML20: a server that is gone is asked no more after three letters; the house says so, and letters go when it is back", async () => {
  manner = "hangs up";
  await using gone = await server();
  const clock = createVirtualClock();
  const calls = createCalls({ clock });
  await using mail = await openMail(gone.port, { clock, calls });
  for (let i = 0; i < FAILURES_MAX; i++) expect(await failure(mail.send(letter(`k${i}`)))).toBeInstanceOf(Transient);
  const heard = gone.heard.length;
  const waits = await failure(mail.send(letter("k9")));
  expect(waits).toBeInstanceOf(Transient);
  expect(String(waits)).toContain("waits");
  expect((waits as Transient).retry_after_ms).toBeGreaterThan(0);
  expect(gone.heard.length).toBe(heard);
  expect(calls.away()).toMatchObject([{ name: "mail", because: expect.stringContaining("wait") }]);
  manner = "takes";
  await clock.advance(2 * AWAY_MS_MIN);
  await mail.send(letter("k9"));
  expect(calls.away()).toEqual([]);
  expect(gone.heard.filter((line) => line === "DATA")).toHaveLength(1);
});

test("ML20: one that puts letters off is there, whatever it says to them", async () => {
  manner = "puts off";
  await using grey = await server();
  const clock = createVirtualClock();
  const calls = createCalls({ clock });
  await using mail = await openMail(grey.port, { clock, calls });
  for (let i = 0; i < 3 * FAILURES_MAX; i++)
    expect(await failure(mail.send(letter(`k${i}`)))).toMatchObject({ name: "Throttled" });
  expect(calls.away()).toEqual([]);
  manner = "takes";
  await mail.send(letter("last"));
});

test("ML21: a letter is not begun after the deadline of who sends it; who leaves in the middle does not cut it", async () => {
  manner = "takes";
  await using here = await server();
  const clock = createVirtualClock();
  await using mail = await openMail(here.port, { clock, calls: createCalls({ clock }) });
  const late = createAsker({ clock, at_ms: clock.monotonic() });
  expect(isUnasked(await failure(late.run(() => mail.send(letter("late")))))).toBe(true);
  expect(here.heard).toEqual([]);
  const asker = createAsker({ clock, at_ms: 60_000 });
  const sent = asker.run(() => mail.send(letter("whole")));
  while (!here.heard.includes("DATA")) await new Promise((resolve) => setImmediate(resolve));
  asker.giveUp(new Error("they left"));
  await sent;
  expect(here.heard.filter((line) => line === "DATA")).toHaveLength(1);
});
