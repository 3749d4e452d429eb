import { Problem } from "#kernel/errors.ts";

import type { MailMessage } from "./index.ts";

export const MAIL_KEY_CHARS_MAX = 200;
/** RFC 5321: 64 + 1 + 255, less the two brackets of a path. */
export const MAIL_ADDRESS_CHARS_MAX = 254;
export const MAIL_SUBJECT_CHARS_MAX = 200;
export const MAIL_NAME_CHARS_MAX = 100;
export const MAIL_TEXT_CHARS_MAX = 65_536;
export const MAIL_HTML_CHARS_MAX = 262_144;
export const MAIL_URL_CHARS_MAX = 900;

const ADDRESS = /^[^\s@<>()[\],;:\\"\p{Cc}]{1,64}@[^\s@<>()[\],;:\\"\p{Cc}]{1,189}$/u;

/** The address itself, or null where no mail can go there. */
export const checkAddress = (text: string): string | null =>
  text.length <= MAIL_ADDRESS_CHARS_MAX && ADDRESS.test(text) ? text : null;

/** One line where a line is meant, so that no text becomes a header. @throws Problem 422 `mail.message` */
export function checkMessage({ key, to, from_name, subject, text, html, unsubscribe_url }: MailMessage): MailMessage {
  const refuse = (detail: string) => new Problem(422, "mail.message", detail);
  if (key.length < 1 || key.length > MAIL_KEY_CHARS_MAX)
    throw refuse(`A mail's key has 1 to ${MAIL_KEY_CHARS_MAX} characters.`);
  if (checkAddress(to) === null) throw refuse("Give one address, such as anna@example.org.");
  if (subject.length < 1 || subject.length > MAIL_SUBJECT_CHARS_MAX || /\p{Cc}/u.test(subject)) {
    throw refuse(`A subject is one line of 1 to ${MAIL_SUBJECT_CHARS_MAX} characters.`);
  }
  if (from_name !== undefined && (from_name.length > MAIL_NAME_CHARS_MAX || /\p{Cc}/u.test(from_name)))
    throw refuse(`A sender's name is one line of at most ${MAIL_NAME_CHARS_MAX} characters.`);
  if (text.length > MAIL_TEXT_CHARS_MAX) throw refuse(`A mail's text has at most ${MAIL_TEXT_CHARS_MAX} characters.`);
  if (html !== undefined && html.length > MAIL_HTML_CHARS_MAX)
    throw refuse(`A mail's HTML has at most ${MAIL_HTML_CHARS_MAX} characters.`);
  if (unsubscribe_url !== undefined && !isLink(unsubscribe_url))
    throw refuse("Where one unsubscribes is an address that begins with https:// or http://, of visible ASCII.");
  return {
    key,
    to,
    subject,
    text,
    ...(from_name === undefined ? {} : { from_name }),
    ...(html === undefined ? {} : { html }),
    ...(unsubscribe_url === undefined ? {} : { unsubscribe_url }),
  };
}

/** It becomes a header, between angle brackets. */
const isLink = (url: string): boolean =>
  url.length <= MAIL_URL_CHARS_MAX && /^https?:\/\/[\x21-\x3b\x3d\x3f-\x7e]+$/.test(url) && URL.canParse(url);
