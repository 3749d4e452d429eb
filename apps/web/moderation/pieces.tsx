import { useState } from "react";

import { type Act, getCase, listCases, type Snapshot, undo } from "#systems/moderation/contract.ts";

import { Button } from "../parts/button.tsx";
import { cx } from "../parts/class.ts";
import { Ago, wholeTime } from "../parts/time.tsx";
import { call, queries } from "../shell/house.ts";
import { say, sorry } from "../shell/toasts.ts";
import { ACT_WORDS, KIND_WORDS } from "./words.ts";

/** What stood there, as it was kept. */
export function Kept({ content, className }: { content: Snapshot; className?: string }) {
  const pictures = content.image_ids.length;
  return (
    <blockquote className={cx("rounded-xl bg-sunken px-4 py-3", className)}>
      <p className="text-xs font-semibold text-ink-3">
        {content.display_name || content.handle} @{content.handle}
        {content.version > 1 && ` · version ${content.version}`}
      </p>
      {content.title !== "" && <p className="mt-1 font-bold">{content.title}</p>}
      <p dir="auto" className="mt-1 [overflow-wrap:anywhere] whitespace-pre-wrap">
        {content.text ||
          (content.title === "" && <span className="text-ink-3 italic">Nothing but the name and the picture</span>)}
      </p>
      {content.links.map((link) => (
        <p key={link} className="mt-1 text-sm [overflow-wrap:anywhere] text-ink-2">
          {link}
        </p>
      ))}
      {(pictures > 0 || content.video_id) && (
        <p className="mt-2 text-xs text-ink-3">
          {content.video_id ? "With a film" : `With ${pictures === 1 ? "a picture" : `${pictures} pictures`}`}
        </p>
      )}
    </blockquote>
  );
}

/** One line of what was done before, with the way back. */
export function ActLine({ act, undoable = false }: { act: Act; undoable?: boolean }) {
  const [busy, setBusy] = useState(false);
  return (
    <div className="flex items-start gap-3">
      <div className="min-w-0 flex-1 text-sm">
        <p>
          <b>{act.by ? `@${act.by.handle}` : "The house"}</b> {ACT_WORDS[act.kind].done}
          <span className="text-ink-3">
            {" "}
            ({KIND_WORDS[act.subject.kind].toLowerCase()}) · <Ago at={act.at} />
          </span>
        </p>
        <p className="text-ink-2">
          {[act.rule?.title, act.words].filter(Boolean).join(": ")}
          {act.ends_at && !act.undone && <span className="text-ink-3"> · ends {wholeTime(act.ends_at)}</span>}
        </p>
        {act.undone && (
          <p className="text-ink-3">
            Taken back by {act.undone.by ? `@${act.undone.by.handle}` : "the house"}
            {act.undone.words !== "" && `: ${act.undone.words}`}
          </p>
        )}
        {act.appeal && (
          <p className="text-ink-3">Appealed{act.appeal.decision ? `, ${act.appeal.decision}` : ", waits"}</p>
        )}
      </div>
      {undoable && !act.undone && act.kind !== "warn" && (
        <Button
          look="quiet"
          size="sm"
          busy={busy}
          onClick={() => {
            setBusy(true);
            call(undo, { params: { id: act.id }, body: {} })
              .then(async () => {
                say("Taken back.");
                await Promise.all(
                  [getCase, listCases].map(({ path }) => queries.invalidateQueries({ queryKey: [path] })),
                );
              })
              .catch(sorry)
              .finally(() => setBusy(false));
          }}
        >
          Take back
        </Button>
      )}
    </div>
  );
}
