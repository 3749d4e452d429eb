import { isIP } from "node:net";

import { Problem } from "#kernel/errors.ts";
import { checkedUrl, isOpenAddress } from "#ports/outside/index.ts";

import type { Ground } from "../needs.ts";

/**
 * An address that a program may be reached at: https alone, since what is sent is words of people. A number that leads inside is refused
 * here already; what a name leads to is looked at again each time that something is sent.
 * @throws Problem 422 `outside.url_refused`, `outside.address_refused`, `hooks.https_needed`
 */
export function addressOutside({ test_plain_http }: Pick<Ground, "test_plain_http">, text: string): string {
  const url = checkedUrl(text);
  if (url.protocol !== "https:" && test_plain_http !== true)
    throw new Problem(422, "hooks.https_needed", "Give an address that begins with https://.");
  const number = url.hostname.replace(/^\[|\]$/g, "");
  if (isIP(number) !== 0 && !isOpenAddress(number) && test_plain_http !== true)
    throw new Problem(422, "outside.address_refused", "This address does not lead to the open internet.");
  return url.href;
}
