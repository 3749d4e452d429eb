import { PLAYER_KEYS } from "../media/player/key-list.ts";
import { Sheet } from "../parts/dialog.tsx";
import { MOD, shortcutsNow } from "./keyboard.ts";

const POSTS = [
  ["Enter", "Open the post"],
  ["l", "Like"],
  ["r", "Repost"],
  ["q", "Quote"],
  ["b", "Bookmark"],
  ["c", "Comment"],
] as const;

export default function Help({ close }: { close: () => void }) {
  const groups = new Map<string, (readonly [string, string])[]>();
  for (const shortcut of shortcutsNow()) {
    const list = groups.get(shortcut.group) ?? [];
    list.push([shortcut.keys.replace("mod+", `${MOD} `).replace("Arrow", ""), shortcut.label]);
    groups.set(shortcut.group, list);
  }
  groups.set("On a post", [...POSTS]);
  groups.set("In the player", [...PLAYER_KEYS]);
  return (
    <Sheet open onOpenChange={(open) => !open && close()} title="Keys" wide>
      <div className="gap-x-10 px-6 pt-2 pb-4 sm:columns-2">
        {[...groups].map(([group, keys]) => (
          <section key={group} className="mb-6 break-inside-avoid">
            <h3 className="mb-2 text-xs font-bold tracking-wide text-ink-3 uppercase">{group}</h3>
            <dl className="space-y-1.5">
              {keys.map(([key, label]) => (
                <div key={key} className="flex items-center justify-between gap-4 text-sm">
                  <dt>{label}</dt>
                  <dd className="flex gap-1">
                    {key.split(" ").map((part) => (
                      <kbd
                        key={part}
                        className="min-w-7 rounded-md border border-line bg-sunken px-1.5 py-0.5 text-center font-sans text-xs font-semibold text-ink-2"
                      >
                        {part.length === 1 ? part.toUpperCase() : part}
                      </kbd>
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Sheet>
  );
}
