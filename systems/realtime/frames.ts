import type { Json } from "#kernel/json.ts";
import { rfc3339 } from "#kernel/time.ts";
import type { Clock } from "#ports/clock/index.ts";

import * as b from "./bounds.ts";
import { type ClientFrame, CLOSE, FRAME_BYTES_MAX, type HouseFrame, LINE_VERSION } from "./contract.ts";
import { createCursors } from "./cursors.ts";
import type { Conversation, Dialect, End } from "./dialect.ts";
import { readFrame } from "./said.ts";
import { partsOf } from "./streams.ts";
import { ephemeralFrame, frameOf, itemsFrame, pageFrame } from "./wire.ts";

export interface FramesNeeds {
  clock: Clock;
  onFailure(error: unknown): void;
}

/** Our own protocol, as PROTOCOL.md has it. */
export function createFrames(needs: FramesNeeds): Dialect<string> {
  const wording = { items: itemsFrame };
  return {
    wording,
    bounds: { message_chars_max: FRAME_BYTES_MAX, waiting_max: b.INBOX_FRAMES_MAX },
    closing: (code, reason) => ({ code, reason }),
    begin: (end) => talkFrames(end, wording, needs),
  };
}

function talkFrames(end: End, wording: Dialect<string>["wording"], needs: FramesNeeds): Conversation<string> {
  const { clock } = needs;
  const cursors = createCursors(needs);
  const say = (frame: HouseFrame) => end.say(frameOf(frame));

  async function identify(secret: string): Promise<void> {
    if (end.viewer)
      return say([
        "problem",
        {
          status: 409,
          code: "realtime.identified",
          detail: "This line belongs to somebody already. Open another one.",
          frame: "identify",
        },
      ]);
    const who = await end.authenticate(secret);
    if (end.closed) return;
    if (!who) return end.close(CLOSE.unauthorized, "session.invalid");
    if (who.suspended || !who.scopes.includes("read")) return end.close(CLOSE.forbidden, "not for you");
    if (end.enter({ viewer: who, token: secret })) say(["identified", who.person_id]);
  }

  async function handle(frame: ClientFrame): Promise<void> {
    if (frame[0] === "ping") return say(["pong", frame[1]]);
    if (frame[0] === "identify") return identify(frame[1]);
    const { viewer, listening } = end;
    if (!viewer || !listening) return end.close(CLOSE.unauthorized, "identify first");
    switch (frame[0]) {
      case "resume":
        return listening.resume(new Map(Object.entries(frame[1])));
      case "leave":
        return listening.leave(frame[1]);
      case "send":
        return send(frame[1], frame[2], frame[3]);
      case "pull": {
        const [, stream, asked, items_max] = frame;
        await end.mayRead(stream);
        // One page waits at most: whoever reads slowly pulls slowly.
        await end.drained();
        return end.say(pageFrame(stream, asked, await end.page(stream, asked, items_max)));
      }
      case "ack":
      case "read":
        return keepCursor(frame[0], frame[1], frame[2]);
      case "eph": {
        const [, stream, slot, data] = frame;
        const { key, rules: spoken } = end.spokenFor(stream, "ephemeral");
        end.mayWrite();
        if (!listening.has(stream)) return;
        const passed = await spoken.ephemeral!(viewer, key, slot, data);
        if (passed !== null) end.ephemeral(stream, slot, passed);
        return;
      }
      case "active":
        return end.active(frame[1]);
    }
  }

  async function send(stream: string, cid: string, data: Json): Promise<void> {
    try {
      const { id, seq, at, dup } = await end.send(stream, cid, data);
      say(["sent", stream, cid, { id, seq, at: rfc3339(at), dup }]);
    } catch (error) {
      say(["unsent", stream, cid, end.refusalOf(error)]);
    }
  }

  function keepCursor(frame: "ack" | "read", stream: string, seq: string): void {
    if (frame === "read") end.mayWrite();
    const what = frame === "read" ? "read" : "delivered";
    const { viewer, listening } = end;
    if (!listening?.has(stream)) return;
    const { key, rules: spoken } = end.spokenFor(stream, "mayRead");
    // For those who take it: a client may ack all that it hears.
    if (!spoken[what]) return;
    cursors.set(`${frame} ${stream}`, Number(seq), (up_to) => spoken[what]!(viewer!, key, String(up_to)));
  }

  return {
    opened(known) {
      say([
        "hello",
        {
          version: LINE_VERSION,
          heartbeat_ms: b.HEARTBEAT_MS,
          frame_bytes_max: FRAME_BYTES_MAX,
          person_id: known?.viewer.person_id ?? null,
        },
      ]);
      if (known) return void end.enter(known);
      void clock.sleep(b.IDENTIFY_MS_MAX).then(() => {
        if (!end.viewer) end.close(CLOSE.unauthorized, "identify first");
      });
    },
    read: (text) => [text],
    together: () => 1,
    async handle([text]) {
      await end.turn();
      let frame: ClientFrame | null = null;
      try {
        frame = readFrame(text!);
        await handle(frame);
      } catch (error) {
        if (end.closed) return;
        if (!frame) return end.close(CLOSE.broken, "realtime.broken_frame");
        const stream = typeof frame[1] === "string" && partsOf(frame[1]) ? { stream: frame[1] } : {};
        say(["problem", { ...end.refusalOf(error), frame: frame[0], ...stream }]);
      }
    },
    ready: (answers) => say(["ready", answers]),
    items: (news) => end.push(news.in(wording)),
    lag: (stream, head) => say(["lag", stream, String(head)]),
    gone: (stream, code) => say(["gone", stream, code]),
    ephemeral: (stream, message) => end.pushLossy(ephemeralFrame(stream, message)),
    move: (wait_ms) => say(["move", wait_ms]),
    // The cursors that wait are written: nobody else knows them.
    ended: () => cursors.end(),
  };
}
