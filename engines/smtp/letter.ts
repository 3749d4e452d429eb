import { createHmac } from "node:crypto";

import type { SendMailOptions } from "nodemailer";

import type { MailMessage } from "#ports/mail/index.ts";

export interface Sender {
  /** The address that all letters come from. */
  from: string;
  /** What is the house's own in a `Message-ID`, the same in all its processes. */
  secret: string;
}

export const domainOf = (address: string): string => address.slice(address.lastIndexOf("@") + 1);

/** One key, one id, in whichever process and however often: what is sent again after a crash is recognised by it. */
export const messageIdOf = ({ from, secret }: Sender, key: string): string =>
  `<${createHmac("sha256", secret).update(`mail ${key}`).digest("hex").slice(0, 40)}@${domainOf(from)}>`;

/** A checked message as nodemailer takes it; every part of it is data, and none of it is fetched or read from a file. */
export function letterFor(sender: Sender, message: MailMessage, at: Date): SendMailOptions {
  const { key, to, from_name, subject, text, html, unsubscribe_url } = message;
  return {
    from: { name: plain(from_name ?? ""), address: sender.from },
    to: { name: "", address: to },
    envelope: { from: sender.from, to },
    subject: plain(subject),
    text,
    ...(html === undefined ? {} : { html }),
    messageId: messageIdOf(sender, key),
    date: at,
    headers: {
      // RFC 3834: no machine answers it.
      "Auto-Submitted": "auto-generated",
      ...(unsubscribe_url === undefined ? {} : unsubscribing(unsubscribe_url)),
    },
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

/** Words that look like an encoded word (RFC 2047) would be decoded where they are read, into whatever somebody put in there. */
const plain = (words: string): string => words.replaceAll("=?", "= ?");

/** RFC 2369; and RFC 8058, which wants https. Prepared: an address must not be folded. */
const unsubscribing = (url: string) => ({
  "List-Unsubscribe": { prepared: true, value: `<${url}>` },
  ...(url.startsWith("https:") ? { "List-Unsubscribe-Post": "List-Unsubscribe=One-Click" } : {}),
});
