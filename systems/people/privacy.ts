import type { PersonId } from "#kernel/ids.ts";
import type { Tx } from "#ports/sql/index.ts";

import { tell } from "./events.ts";
import { acceptRequest } from "./followers.ts";
import type { Ground } from "./ground.ts";
import * as store from "./store/privacy.ts";
import { requestersOf } from "./store/relations.ts";

/**
 * Private or not, in the transaction of the profile's change. Those who waited are let in when a person is private no more
 * (at most `FOLLOW_REQUESTS_MAX`): a follow that needs no answer is not left without one.
 * @returns those who follow now; after the commit their relations are others
 */
export async function setPrivacy(
  ground: Pick<Ground, "log" | "clock">,
  tx: Tx,
  id: PersonId,
  is_private: boolean,
): Promise<PersonId[]> {
  if (!(await store.setPrivate(tx, id, is_private ? new Date(ground.clock.now()) : null))) return [];
  await tell(ground.log, tx, id, "privacy_changed", { person_id: id, private: is_private });
  if (is_private) return [];
  const let_in = await requestersOf(tx, id);
  for (const requester_id of let_in) await acceptRequest(ground, tx, requester_id, id);
  return let_in;
}
