import type { PersonId } from "#kernel/ids.ts";

import { POST_HASHTAGS_MAX, POST_MENTIONS_MAX } from "../bounds.ts";
import type { FeedPeople } from "../needs.ts";
import type { Rules } from "../reading/rules.ts";
import { marksOf } from "../tokens.ts";

export interface Marks {
  hashtags: string[];
  mention_ids: PersonId[];
  mention_handles: string[];
}

/** Whom and what a text names. A mention of somebody whom the writer may not reach stays plain text and tells nobody. */
export async function resolveMarks(people: Pick<FeedPeople, "byHandles">, rules: Rules, text: string): Promise<Marks> {
  const { hashtags, handles } = marksOf(text, { hashtags: POST_HASHTAGS_MAX, mentions: POST_MENTIONS_MAX });
  const marks: Marks = { hashtags, mention_ids: [], mention_handles: [] };
  if (handles.length === 0) return marks;
  const known = await people.byHandles(handles);
  for (const handle of handles) {
    const person = known.get(handle);
    if (!person || !rules.person("mention", person).ok) continue;
    marks.mention_ids.push(person.id);
    marks.mention_handles.push(handle);
  }
  return marks;
}
