/** Mail out of the house. The embedded engine writes files to an outbox folder that an admin can read. */
export interface Mail {
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
}

export interface StoredMail extends MailMessage {
  at: Date;
}

export * from "./message.ts";
export { createOutboxMail, OUTBOX_MESSAGES_MAX } from "./outbox.ts";
