import { hooksRoutes as r } from "#systems/hooks/contract.ts";

import { call } from "../shell/house.ts";
import { say, sorry } from "../shell/toasts.ts";

/** Gives a command; what it whispers is said to who gave it. @returns false where it was refused, and then the words are theirs again */
export async function giveCommand(
  channel_id: string,
  cid: string,
  text: string,
  root_id: string | null,
): Promise<boolean> {
  try {
    const { whisper, bot } = await call(r.giveCommand, { params: { id: channel_id }, body: { cid, text, root_id } });
    if (whisper !== null) say(bot === null ? whisper : `${bot.display_name}, to you alone: ${whisper}`);
    return true;
  } catch (error) {
    sorry(error);
    return false;
  }
}
