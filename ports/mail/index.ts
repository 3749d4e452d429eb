/** Mail out of the house. The embedded engine writes files to an outbox folder that an admin can read. */
export interface Mail {
  /** False for the outbox folder: what is sent stays in the house. */
  leaves_house: boolean;
  /**
   * Durable when it resolves. `key` makes a resend after a crash harmless: the same key is sent once, whatever else
   * the message says.
   * @throws Problem 422 `mail.message` for an address or a text that no mail can have
   */
  send(message: MailMessage): Promise<void>;
  /** The newest first, at most `OUTBOX_MESSAGES_MAX`. Empty where mail leaves the house. */
  outbox(limit: number): Promise<StoredMail[]>;
}

export interface MailMessage {
  key: string;
  to: string;
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
export { createOutboxMail, OUTBOX_MESSAGES_MAX } from "./outbox.ts";
