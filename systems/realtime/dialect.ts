import type { Json } from "#kernel/json.ts";
import type { SignedIn } from "#kernel/viewer.ts";

import type { PullAsked, Refusal } from "./contract.ts";
import type { Listening, Voice } from "./listening.ts";
import type { Wording, Words } from "./news.ts";
import type { Sent, StreamRules } from "./rules.ts";
import type { PageText } from "./wire.ts";

/**
 * A protocol over the streams of the line: our own is one (`frames.ts`). It says what a client's messages mean and how the
 * house's words look. Who may, how much, how fast and how far behind is the same for all of them, and not theirs to say.
 */
export interface Dialect<Said> {
  /** Made once, so that all lines that speak so share their texts. */
  wording: Wording;
  bounds: {
    /** Characters of text, or bytes. */
    message_chars_max: number;
    /** What may wait for its turn on one line. */
    waiting_max: number;
  };
  /** How this protocol tells why a line is closed; `code` is one of `CLOSE`. */
  closing(code: number, reason: string): { code: number; reason: string };
  begin(end: End): Conversation<Said>;
}

/** One client's talk. Everything here is called in order and one at a time, but for the voice. */
export interface Conversation<Said> extends Voice {
  /** The line stands. `known`: whose it is by the handshake, where it says so. */
  opened(known: Known | null): void;
  /** What a message says, as it comes. Whatever it throws ends the line as broken. */
  read(words: Words): Said[];
  /** How many of the first that wait are handled at once. */
  together(waiting: readonly Said[]): number;
  /** What it throws is a failure of ours and ends the line. */
  handle(said: readonly Said[]): Promise<void>;
  /** This node closes. */
  move(wait_ms: number): void;
  /** About once a second. */
  look?(now_ms: number): void;
  /** The line is gone, or closed. */
  ended(): void;
}

export interface Known {
  viewer: SignedIn;
  /** Asked about again now and then. */
  token: string | null;
}

/** The house's end of one line. */
export interface End {
  readonly viewer: SignedIn | null;
  readonly closed: boolean;
  /** What it follows; null as long as it is nobody's. */
  readonly listening: Listening | null;
  /** An answer, or a word about a stream. Whoever leaves too much of them unread is closed. */
  say(words: Words): void;
  /** @returns false where the reader is too far behind */
  push(words: Words): boolean;
  /** What may be lost. */
  pushLossy(words: Words): void;
  /** `code` is one of `CLOSE`, and is told as the dialect tells it. */
  close(code: number, reason: string): void;
  /** @returns null for a token of nobody */
  authenticate(token: string): Promise<SignedIn | null>;
  /** From here on it is theirs, or theirs by another credential. @returns false where the line was closed instead */
  enter(known: Known): boolean;
  /** One turn of what a person may say a second; waits for it. */
  turn(): Promise<void>;
  /** Waits until what was written is read, but for a bounded rest. */
  drained(): Promise<void>;
  /** @throws Problem where nobody speaks for the stream, or its system does not take this */
  spokenFor<N extends keyof StreamRules>(stream: string, what: N): { key: string; rules: StreamRules };
  /** @throws Problem where their token may not write */
  mayWrite(): void;
  /** Asked anew each time. @throws Problem */
  mayRead(stream: string): Promise<void>;
  /** @throws Problem, or whatever a system throws */
  send(stream: string, cid: string, data: Json): Promise<Sent>;
  /** Without asking whether they may. */
  page(stream: string, asked: PullAsked, items_max: number): Promise<PageText>;
  ephemeral(stream: string, slot: string, data: Json): void;
  /** What a caller may know of a failure. Ours are told to the log. */
  refusalOf(error: unknown): Refusal;
  /** Of this person: is a device in somebody's hand? */
  active(active: boolean): void;
}
