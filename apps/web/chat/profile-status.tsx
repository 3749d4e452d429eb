import { PresenceDot } from "./presence-mark.tsx";
import { presenceWords } from "./presence-words.ts";
import { usePresence } from "./presence.ts";

/** Under the name on a profile: whether they are here, and what they say of themselves. */
export function ProfileStatus({ id }: { id: string }) {
  const presence = usePresence(id);
  const words = presence ? presenceWords(presence) : "";
  if (!presence || words === "") return null;
  return (
    <p className="mt-1.5 flex items-center gap-1.5 text-sm text-ink-2">
      <PresenceDot state={presence.state} />
      {words}
    </p>
  );
}
