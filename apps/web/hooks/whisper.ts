import type { Json } from "#kernel/json.ts";

import { say } from "../shell/toasts.ts";
import { readWhisper } from "./given.ts";

/** What a program answers later, to who asked alone. */
export function whisperSaid(slot: string, _person_id: string | null, data: Json): void {
  if (slot !== "whisper") return;
  const said = readWhisper(data);
  if (said !== null) say(`/${said.command}, to you alone: ${said.text}`);
}
