import type { Calls } from "#ports/calls/index.ts";
import type { Clock } from "#ports/clock/index.ts";

/**
 * The one way in which the house fetches from, or sends to, an address that somebody gave it: imports, link previews, web push. What is
 * checked is what is connected to. Rules in SPEC.md.
 */
export interface Outside {
  /**
   * GETs what is there now.
   * @throws Problem `outside.…` for what will not change by itself; `Transient` for what may (a line, a stall, a 5xx), and
   * among them `DependencyAway` and `DependencyBusy` where nothing was sent
   */
  fetchOutside(url: string, asked: AskedOutside): Promise<FromOutside>;
  /**
   * POSTs once, to one address, and follows nobody further: whatever status comes is the answer.
   * @throws Problem `outside.…` for an address that is refused; `Transient` where no answer came (it may have arrived), unless
   * `isUnasked` says that nothing was sent
   */
  sendOutside(url: string, sent: SentOutside): Promise<AnswerFromOutside>;
}

export interface SentOutside {
  /** Beside `host` and `user-agent`. */
  headers: Record<string, string>;
  body: Uint8Array;
  /** Until the answer's head, and for the words that are wanted of it. */
  ms_max: number;
  /** How many bytes of the answer's words are wanted; what comes after them is not read. None where nothing is said. */
  answer_bytes_max?: number;
  signal?: AbortSignal;
}

export interface AnswerFromOutside {
  status: number;
  /** As it came. */
  retry_after: string | null;
  /** The beginning of its words, as far as they were asked for and came in time. */
  words?: Uint8Array;
}

export interface AskedOutside {
  /** Of the body; more is cut with `outside.too_large`. */
  bytes_max: number;
  /** For everything, the body too. */
  ms_max: number;
  /** Which media types are wanted, without parameters, in lower case; "" where none was told. */
  accepts: (media_type: string, final_url: string) => boolean;
  signal?: AbortSignal;
  /** Go on from here, if it is still the same: then the answer's `from_byte` says so, and is 0 where it is not. */
  resume?: { from_byte: number; etag: string };
}

export interface FromOutside {
  /** After redirects. */
  url: string;
  media_type: string;
  /** As the answer's head names it, in lower case; null where it says nothing. */
  charset: string | null;
  /** Of the whole, where it was told. */
  size_bytes: number | null;
  /** Strong, with its quotes; null where none was given or only a weak one. */
  etag: string | null;
  from_byte: number;
  /** Throws `Transient` where it breaks or stalls. Ending the iteration early lets go of the line. */
  body: AsyncIterable<Uint8Array>;
  /** Lets go of the line, also where the body was never begun. Harmless after its end. */
  drop(): Promise<void>;
}

export interface OutsideNeeds {
  clock: Clock;
  /** Those of the house, where it is seen how hosts do; its own where nothing is said. */
  calls?: Calls;
  /** Addresses of a name; the system's own resolver where nothing is said. */
  resolve?: (hostname: string) => Promise<string[]>;
  /** `127.0.0.1:4321`: for tests, which have no internet. Never set where people can give addresses. */
  test_addresses?: readonly string[];
  /** Certificates to trust beside the system's, for tests. */
  test_ca?: string;
}

export * from "./bounds.ts";
export { isOpenAddress } from "./addresses.ts";
export { createOutside } from "./fetch.ts";
export { checkedUrl } from "./url.ts";
