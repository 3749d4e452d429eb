import { Eye } from "lucide-react";

import { compact, plural } from "../parts/numbers.ts";

/** How many people of this house had the post on their screen: exact while few, rounded when many; nothing while nobody. */
export function Views({ views }: { views: number }) {
  if (views === 0) return null;
  const said = `Seen by ${plural(views, "person", "people")}`;
  return (
    <>
      <span aria-hidden="true">·</span>
      <span title={said} className="inline-flex items-center gap-1 tabular-nums">
        <Eye className="size-3.5" aria-hidden="true" />
        <span aria-hidden="true">{compact(views)}</span>
        <span className="sr-only">{said}</span>
      </span>
    </>
  );
}
