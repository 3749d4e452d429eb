/** Mail out of the house. The embedded engine writes files to an outbox folder that an admin can read. */
export interface Mail {
  /** False for the outbox folder: what is sent stays in the house. */
  leaves_house: boolean;
  /**
   * Durable when it resolves. `key` makes a resend after a crash harmless: the same key is sent once, whatever else
   * the message says; where mail leaves the house, by one process. After a crash it goes again under the same `Message-ID`.
   * @throws Problem 422 `mail.message` for an address or a text that no mail can have; `MailRefused` where a server will
   * never take it; `Transient` where it may be taken later
   */
  send(message: MailMessage): Promise<void>;
  /** The newest first, at most `OUTBOX_MESSAGES_MAX`. Empty where mail leaves the house. */
  outbox(limit: number): Promise<StoredMail[]>;
}

export interface MailMessage {
  key: string;
  to: string;
  /** Shown as who writes; the address that it is sent from is the house's own. */
  from_name?: string;
  subject: string;
  text: string;
  /** The same for programs that show it; whoever writes it escapes it. */
  html?: string;
  /** Where one call (POST, nobody signed in) ends what this letter is one of: `List-Unsubscribe`, RFC 2369 and RFC 8058. */
  unsubscribe_url?: string;
}

export interface StoredMail extends MailMessage {
  at: Date;
}

export * from "./message.ts";
export { MAIL_REPLY_CHARS_MAX, MailRefused, replyLine } from "./refused.ts";
export { createOutboxMail, OUTBOX_MESSAGES_MAX } from "./outbox.ts";
