import { isIP } from "node:net";

import { checkAddress } from "#ports/mail/index.ts";

/** Which server takes the house's letters, and who we are there. */
export interface SmtpPlace {
  host: string;
  port: number;
  /** `tls`: from the first byte. `starttls`: nothing is said before the line is sealed. `none`: never sealed. */
  seal: "tls" | "starttls" | "none";
  login: { user: string; password: string } | null;
  /** File with certificates (PEM) to trust instead of those of the system: a server with an authority of its own. */
  ca_file: string | null;
}

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/**
 * Reads `SMTP_URL`:
 *
 *     smtp://USER:PASSWORD@HOST[:587][?tls=0][&ca=FILE]      smtps://USER:PASSWORD@HOST[:465][?ca=FILE]
 *
 * User and password are percent-encoded; without them nobody signs in. `smtp:` means STARTTLS and nothing without it;
 * `tls=0` means an open line, which carries a password only to this machine itself.
 * @throws RangeError with a sentence for whoever wrote the variable; it never repeats the password
 */
export function parseSmtpUrl(text: string): SmtpPlace {
  const refuse = (why: string) =>
    new RangeError(
      `SMTP_URL ${why}. Its form is smtp://USER:PASSWORD@HOST:587, with USER and PASSWORD percent-encoded.`,
    );
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || (url.protocol !== "smtp:" && url.protocol !== "smtps:"))
    throw refuse("is not an smtp:// or smtps:// address");
  if (url.hostname === "") throw refuse("names no host");
  if ((url.pathname !== "" && url.pathname !== "/") || url.hash !== "") throw refuse("has a path");
  const { tls = "1", ca = null, ...unknown } = Object.fromEntries(url.searchParams);
  for (const key of Object.keys(unknown)) throw refuse(`has an option "${key.slice(0, 40)}" that does not exist`);
  if (tls !== "0" && tls !== "1") throw refuse("has a tls that is neither 0 nor 1");
  const direct = url.protocol === "smtps:";
  if (direct && tls === "0") throw refuse("asks for TLS (smtps) and for none (tls=0)");
  if ((url.username === "") !== (url.password === "")) throw refuse("has a user without a password, or the reverse");
  const seal = direct ? "tls" : tls === "0" ? "none" : "starttls";
  if (seal === "none" && url.username !== "" && !LOOPBACK.test(url.hostname))
    throw refuse("would send its password over an open line: tls=0 goes with a user only on this machine");
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: url.port === "" ? (direct ? 465 : 587) : Number(url.port),
    seal,
    login: url.username === "" ? null : { user: decode(url.username, refuse), password: decode(url.password, refuse) },
    ca_file: ca === "" ? null : ca,
  };
}

function decode(text: string, refuse: (why: string) => RangeError): string {
  let plain: string;
  try {
    plain = decodeURIComponent(text);
  } catch {
    throw refuse("has a user or a password that is not percent-encoded");
  }
  if (/\p{Cc}/u.test(plain)) throw refuse("has a user or a password with control characters");
  return plain;
}

/** Whom letters come from where nothing is said: who signs in, if that is an address. */
export function senderOf({ login }: SmtpPlace, given: string | null): string | null {
  const address = given ?? login?.user ?? "";
  return checkAddress(address);
}

/** The name that a certificate must have; an address has none. */
export const nameOf = ({ host }: SmtpPlace): string | undefined => (isIP(host) === 0 ? host : undefined);
