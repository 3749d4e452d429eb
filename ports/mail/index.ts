/** Mail out of the house. The embedded engine writes files to an outbox folder that an admin can read. */
export interface Mail {
  /** Durable when it resolves. `key` makes a resend after a crash harmless: the same key is sent once. */
  send(message: MailMessage): Promise<void>;
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
