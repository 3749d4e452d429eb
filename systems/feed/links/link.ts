import { checkedUrl } from "#ports/outside/index.ts";
import type { Query } from "#ports/sql/index.ts";

import type { Ground } from "../ground.ts";
import { firstLink, isOwnUrl } from "./own.ts";
import { linkAt, type LinkId } from "./store.ts";

export const LOOK_JOB = "feed.look_at_link";

/** Says who sent a reader, and nothing about what is there. */
const TRACKING = /^(?:utm_\w{1,30}|fbclid|gclid|dclid|msclkid|mc_eid|igshid|yclid|_hsenc|_hsmi)$/i;

/** One spelling of an address that a text names; null where nothing is fetched from it. */
export function normalised(text: string): string | null {
  try {
    const url = checkedUrl(text);
    const tracking = [...url.searchParams.keys()].filter((name) => TRACKING.test(name));
    for (const name of tracking) url.searchParams.delete(name);
    return url.href.length <= 2_048 ? url.href : null;
  } catch {
    return null;
  }
}

/** The address of the card that these words would have; null where there is none to be had. */
function addressIn({ links }: Pick<Ground, "links">, text: string): string | null {
  if (!links) return null;
  const found = firstLink(text);
  return found === null || isOwnUrl(found, links.public_url) ? null : normalised(found);
}

/** True where `linkOf` has something to write. */
export const namesLink = (ground: Pick<Ground, "links">, text: string): boolean => addressIn(ground, text) !== null;

/**
 * The row of the first link of these words, in the caller's transaction; a look at what is there is on its way where nobody
 * looked lately. One look serves everybody who names it meanwhile.
 * @returns null where there is none, where it is a page of ours, and where this house does not look outside
 */
export async function linkOf(ground: Ground, tx: Query, text: string): Promise<LinkId | null> {
  const url = addressIn(ground, text);
  if (url === null) return null;
  const at = new Date(ground.clock.now());
  const row = await linkAt(tx, ground.ids.next<"link">(), url, at);
  if (row.fresh_until <= at) {
    // Of one host one at a time, in the whole house.
    const tenant = new URL(url).hostname.slice(-64);
    await ground.jobs.enqueue(tx, LOOK_JOB, { link_id: row.id }, { tenant, unique_key: `${LOOK_JOB}:${row.id}` });
  }
  return row.id;
}
