import { Problem } from "#kernel/errors.ts";

import { URL_CHARS_MAX } from "./bounds.ts";

/** Well-known ports of other services are nobody's files. */
const PORT_MIN = 1_024;

/** @throws Problem 422 `outside.url_refused` */
export function checkedUrl(text: string, base?: URL): URL {
  const url = text.length <= URL_CHARS_MAX && URL.canParse(text, base?.href) ? new URL(text, base?.href) : null;
  const port = Number(url?.port || 0);
  if (
    !url ||
    (url.protocol !== "http:" && url.protocol !== "https:") ||
    url.username !== "" ||
    url.password !== "" ||
    url.hostname === "" ||
    (port !== 0 && port < PORT_MIN && port !== 80 && port !== 443)
  ) {
    throw new Problem(
      422,
      "outside.url_refused",
      "Give an address that begins with http:// or https://, without a name and password in it, on an ordinary port.",
    );
  }
  url.hash = "";
  return url;
}
