import { listMutedWords, muteWord, unmuteWord } from "#systems/feed/contract.ts";

import { call, queries } from "../../shell/house.ts";
import { say, sorry } from "../../shell/toasts.ts";
import { listsAnew } from "./preferences.ts";

/** Keeps a hashtag out of home and lists, from where one met it; its own page still shows it to who goes there. */
export async function muteHashtag(tag: string): Promise<void> {
  const changed = () => {
    listsAnew();
    return queries.invalidateQueries({ queryKey: [listMutedWords.path] });
  };
  try {
    const muted = await call(muteWord, { body: { phrase: `#${tag}`, place: "home" } });
    await changed();
    say(`#${tag} stays out of your home and lists.`, async () => {
      await call(unmuteWord, { params: { id: muted.id } });
      await changed();
    });
  } catch (error) {
    sorry(error);
  }
}
