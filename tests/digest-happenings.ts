import type { PersonId } from "#kernel/ids.ts";
import type { Act, NoticeSource } from "#systems/notify/index.ts";

export const HAPPENED_TOPIC = "digest_test";

/** Something that happens to very many: each act stands alone, so that a letter names it by its number. */
export const HAPPENINGS: NoticeSource = {
  name: "test",
  readings: {
    [HAPPENED_TOPIC]: ({ data }) =>
      (data as { acts: [person_id: PersonId, number: number][] }).acts.map(([person_id, number]): Act => ({
        person_id,
        kind: "direct_message",
        actor_id: "1" as PersonId,
        post_id: null,
        comment_id: null,
        thing: { name: `test:${person_id}:${number}`, seq: String(number) },
        act_key: `test:${number}`,
        group_key: `test:${number}`,
        taken_back: false,
      })),
  },
  things: async (_viewer, things) =>
    new Map(things.map((name) => [name, { title: "", text: `#${name.split(":")[2]};`, path: "/" }])),
};
