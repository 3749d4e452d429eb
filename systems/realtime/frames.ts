import type { Json } from "#kernel/json.ts";
import { rfc3339 } from "#kernel/time.ts";
import type { Clock } from "#ports/clock/index.ts";

import * as b from "./bounds.ts";
import { type ClientFrame, CLOSE, FRAME_BYTES_MAX, type HouseFrame, LINE_VERSION, type Readiness } from "./contract.ts";
import { createCursors, type Cursors } from "./cursors.ts";
import type { Conversation, Dialect, End, Known } from "./dialect.ts";
import type { News, Wording, Words } from "./news.ts";
import { mayListen } from "./rules.ts";
import { readFrame } from "./said.ts";
import { partsOf } from "./streams.ts";
import { ephemeralFrame, frameOf, itemsFrame, pageFrame, type PushedEphemeral } from "./wire.ts";

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
    begin: (end) => new Talk(end, wording, needs),
  };
}

/** One of tens of thousands, so what it does is not closures of its own. */
class Talk implements Conversation<string> {
  private readonly end: End;
  private readonly wording: Wording;
  private readonly needs: FramesNeeds;
  /** There once a cursor was said. */
  private cursors: Cursors | null = null;

  constructor(end: End, wording: Wording, needs: FramesNeeds) {
    this.end = end;
    this.wording = wording;
    this.needs = needs;
  }

  private say(frame: HouseFrame): void {
    this.end.say(frameOf(frame));
  }

  private async identify(secret: string): Promise<void> {
    if (this.end.viewer)
      return this.say([
        "problem",
        {
          status: 409,
          code: "realtime.identified",
          detail: "This line belongs to somebody already. Open another one.",
          frame: "identify",
        },
      ]);
    const who = await this.end.authenticate(secret);
    if (this.end.closed) return;
    if (!who) return this.end.close(CLOSE.unauthorized, "session.invalid");
    if (!mayListen(who)) return this.end.close(CLOSE.forbidden, "not for you");
    if (this.end.enter({ viewer: who, token: secret })) this.say(["identified", who.person_id]);
  }

  private async answer(frame: ClientFrame): Promise<void> {
    if (frame[0] === "ping") return this.say(["pong", frame[1]]);
    if (frame[0] === "identify") return this.identify(frame[1]);
    const { viewer, listening } = this.end;
    if (!viewer || !listening) return this.end.close(CLOSE.unauthorized, "identify first");
    switch (frame[0]) {
      case "resume":
        return listening.resume(new Map(Object.entries(frame[1])));
      case "leave":
        return listening.leave(frame[1]);
      case "send":
        return this.send(frame[1], frame[2], frame[3]);
      case "pull": {
        const [, stream, asked, items_max] = frame;
        await this.end.mayRead(stream);
        // One page waits at most: whoever reads slowly pulls slowly.
        await this.end.drained();
        return this.end.say(pageFrame(stream, asked, await this.end.page(stream, asked, items_max)));
      }
      case "ack":
      case "read":
        return this.keepCursor(frame[0], frame[1], frame[2]);
      case "eph": {
        const [, stream, slot, data] = frame;
        const { key, rules: spoken } = this.end.spokenFor(stream, "ephemeral");
        this.end.mayWrite();
        if (!listening.has(stream)) return;
        const passed = await spoken.ephemeral!(viewer, key, slot, data);
        if (passed !== null) this.end.ephemeral(stream, slot, passed);
        return;
      }
      case "active":
        return this.end.active(frame[1]);
    }
  }

  private async send(stream: string, cid: string, data: Json): Promise<void> {
    try {
      const { id, seq, at, dup } = await this.end.send(stream, cid, data);
      this.say(["sent", stream, cid, { id, seq, at: rfc3339(at), dup }]);
    } catch (error) {
      this.say(["unsent", stream, cid, this.end.refusalOf(error)]);
    }
  }

  private keepCursor(frame: "ack" | "read", stream: string, seq: string): void {
    if (frame === "read") this.end.mayWrite();
    const what = frame === "read" ? "read" : "delivered";
    const { viewer, listening } = this.end;
    if (!listening?.has(stream)) return;
    const { key, rules: spoken } = this.end.spokenFor(stream, "mayRead");
    // For those who take it: a client may ack all that it hears.
    if (!spoken[what]) return;
    this.cursors ??= createCursors(this.needs);
    this.cursors.set(`${frame} ${stream}`, Number(seq), (up_to) => spoken[what]!(viewer!, key, String(up_to)));
  }

  opened(known: Known | null): void {
    this.say([
      "hello",
      {
        version: LINE_VERSION,
        heartbeat_ms: b.HEARTBEAT_MS,
        frame_bytes_max: FRAME_BYTES_MAX,
        person_id: known?.viewer.person_id ?? null,
      },
    ]);
    if (known) return void this.end.enter(known);
    void this.needs.clock.sleep(b.IDENTIFY_MS_MAX).then(() => {
      if (!this.end.viewer) this.end.close(CLOSE.unauthorized, "identify first");
    });
  }
  read(words: Words): string[] {
    if (typeof words !== "string") throw new Error("frames are text");
    return [words];
  }
  together(): number {
    return 1;
  }
  async handle([text]: readonly string[]): Promise<void> {
    await this.end.turn();
    let frame: ClientFrame | null = null;
    try {
      frame = readFrame(text!);
      await this.answer(frame);
    } catch (error) {
      if (this.end.closed) return;
      if (!frame) return this.end.close(CLOSE.broken, "realtime.broken_frame");
      const stream = typeof frame[1] === "string" && partsOf(frame[1]) ? { stream: frame[1] } : {};
      this.say(["problem", { ...this.end.refusalOf(error), frame: frame[0], ...stream }]);
    }
  }
  ready(answers: { [stream: string]: Readiness }): void {
    this.say(["ready", answers]);
  }
  items(news: News): boolean {
    return this.end.push(news.in(this.wording));
  }
  lag(stream: string, head: number): void {
    this.say(["lag", stream, String(head)]);
  }
  gone(stream: string, code: string): void {
    this.say(["gone", stream, code]);
  }
  ephemeral(stream: string, message: PushedEphemeral): void {
    this.end.pushLossy(ephemeralFrame(stream, message));
  }
  move(wait_ms: number): void {
    this.say(["move", wait_ms]);
  }
  ended(): void {
    // The cursors that wait are written: nobody else knows them.
    this.cursors?.end();
  }
}
