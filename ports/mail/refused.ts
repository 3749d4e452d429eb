import { Permanent } from "#kernel/errors.ts";

/** Of what another server says, this much is kept: it is shown to the person whose address it is. */
export const MAIL_REPLY_CHARS_MAX = 300;

/**
 * A server refused for good: the same letter would be refused again. `address`: nothing reaches this address at all;
 * `letter`: not this one letter. Whatever may come to go (the server is away, slow, or does not know the house) is a
 * `Transient` instead.
 */
export class MailRefused extends Permanent {
  readonly of: "address" | "letter";
  /** What the server said, one line. */
  readonly reply: string;

  constructor(of: "address" | "letter", reply: string) {
    const line = replyLine(reply);
    super(`The mail server refused ${of === "address" ? "the address" : "the letter"}: ${line}`);
    this.of = of;
    this.reply = line;
  }
}

/** One line of visible characters, cut. */
export const replyLine = (text: string): string =>
  text
    .slice(0, 4 * MAIL_REPLY_CHARS_MAX)
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, " ")
    .trim()
    .slice(0, MAIL_REPLY_CHARS_MAX)
    .toWellFormed();
