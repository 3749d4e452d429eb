import { type HookId, type Hooks, HOOKS_TOPIC, readHooksEvent } from "#systems/hooks/index.ts";

import type { Act } from "./acts.ts";
import type { NoticeSource, Thing } from "./sources.ts";

const NAME = "hooks";
const thingOf = (id: HookId) => `${NAME}:${id}`;

/**
 * A webhook that the house switched off: its owner is told, who alone can mend what it leads to. It stands in the inbox while it
 * is off; switched on again or deleted, it is news no more.
 */
export function hooksNotices(hooks: { outgoing: Pick<Hooks["outgoing"], "switchedOff"> }): NoticeSource {
  return {
    name: NAME,
    readings: {
      [HOOKS_TOPIC](stored) {
        const event = readHooksEvent(stored);
        if (!event) return [];
        const { hook_id, owner_id, at } = event.data;
        const act: Act = {
          person_id: owner_id,
          kind: "webhook_off",
          actor_id: null,
          post_id: null,
          comment_id: null,
          thing: { name: thingOf(hook_id), seq: "0" },
          act_key: `webhook_off:${hook_id}:${at}`,
          group_key: `webhook_off:${hook_id}`,
          taken_back: false,
        };
        return [act];
      },
    },
    async things(viewer, names) {
      const found = await hooks.outgoing.switchedOff(
        viewer,
        names.map((name) => name.slice(NAME.length + 1) as HookId),
      );
      return new Map(
        found.map(({ id, name, because, space }): [string, Thing] => [
          thingOf(id),
          { title: `“${name}” in ${space.name}`, text: because, path: `/s/${space.slug}` },
        ]),
      );
    },
  };
}
