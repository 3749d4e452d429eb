import { useInfiniteQuery } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";

import { limitsRoutes as r, type SetCard } from "#systems/limits/contract.ts";

import { Button } from "../parts/button.tsx";
import { Confirm } from "../parts/dialog.tsx";
import { Empty } from "../parts/empty.tsx";
import { plural } from "../parts/numbers.ts";
import { PagedList } from "../parts/paged-list.tsx";
import { Skeleton } from "../parts/skeleton.tsx";
import { dayOf } from "../parts/time.tsx";
import { Panel } from "../people/sections.tsx";
import { askPages, call } from "../shell/house.ts";
import { say, sorry } from "../shell/toasts.ts";
import type { Editing } from "./editing.ts";
import { askAnew } from "./pieces.tsx";

const SetEditor = lazy(() => import("./set-editor.tsx"));
const PublishSheet = lazy(() => import("./publish-sheet.tsx"));

const STATE_WORDS: Record<Exclude<SetCard["state"], "own">, string> = {
  draft: "draft",
  published: "was in force",
  in_force: "in force",
};

/** Drafts and what was published; each may be looked at, begun from, and published. */
export function SetsPanel() {
  const pages = useInfiniteQuery(askPages(r.listSets));
  const [editing, setEditing] = useState<Editing | null>(null);
  const [publishing, setPublishing] = useState<string | null>(null);
  const [leaving, setLeaving] = useState<SetCard | null>(null);

  const open = (card: SetCard) =>
    void call(r.getSet, { params: { version: card.version } })
      .then(({ set, revision, note, version }) =>
        setEditing(
          card.state === "draft"
            ? { version, revision, note, set, based_on: card.based_on ?? "0" }
            : { version: null, revision: 0, note: "", set, based_on: version },
        ),
      )
      .catch(sorry);
  const discard = (card: SetCard) =>
    void call(r.discardSet, { params: { version: card.version } })
      .then(async () => {
        say("The draft is thrown away.");
        await askAnew();
      })
      .catch(sorry);

  return (
    <Panel
      title="Rule sets"
      intro="A draft holds nothing until it is published. What was published never changes: to go back, publish an old one again. Try what is new as a shadow first."
    >
      <PagedList
        pages={pages}
        what="Rule sets"
        keyOf={({ version }) => version}
        skeleton={<Skeleton className="h-40 rounded-2xl" />}
        empty={<Empty title="No rule sets">The house's own are always there.</Empty>}
        end={null}
        className="divide-y divide-line"
      >
        {(card) => (
          <SetLine
            card={card}
            onOpen={() => open(card)}
            onPublish={() => setPublishing(card.version)}
            onDiscard={() => setLeaving(card)}
          />
        )}
      </PagedList>
      <Suspense>
        {editing !== null && (
          <SetEditor
            editing={editing}
            onDone={(version) => {
              setEditing(null);
              if (version !== null) setPublishing(version);
            }}
          />
        )}
        {publishing !== null && <PublishSheet version={publishing} onDone={() => setPublishing(null)} />}
      </Suspense>
      <Confirm
        open={leaving !== null}
        onOpenChange={(open_) => !open_ && setLeaving(null)}
        title={`Throw draft ${leaving?.version ?? ""} away?`}
        action="Throw it away"
        onConfirm={() => {
          if (leaving) discard(leaving);
          setLeaving(null);
        }}
      >
        It cannot be brought back.
      </Confirm>
    </Panel>
  );
}

function SetLine({
  card,
  onOpen,
  onPublish,
  onDiscard,
}: {
  card: SetCard;
  onOpen: () => void;
  onPublish: () => void;
  onDiscard: () => void;
}) {
  const isDraft = card.state === "draft";
  const name = card.version === "0" ? "The house's own" : `Rule set ${card.version}`;
  return (
    <div role="listitem" aria-label={name} className="flex flex-wrap items-center gap-x-4 gap-y-3 py-4">
      <div className="min-w-0 flex-1 basis-52">
        <h3 className="flex flex-wrap items-center gap-2 font-semibold">
          {name}
          {card.state !== "own" && (
            <span
              className={`rounded-full px-2.5 py-0.5 text-xs font-semibold ${card.state === "in_force" ? "bg-good-tint text-good" : isDraft ? "bg-warn-tint text-warn" : "bg-sunken text-ink-2"}`}
            >
              {STATE_WORDS[card.state]}
            </span>
          )}
        </h3>
        <p className="mt-0.5 text-xs text-ink-3">
          {plural(card.rules, "rule")}
          {card.changed_by && card.changed_at ? `, by ${card.changed_by.display_name}, ${dayOf(card.changed_at)}` : ""}
        </p>
        {card.note !== "" && card.version !== "0" && <p className="mt-0.5 text-sm text-ink-2">{card.note}</p>}
      </div>
      <div className="flex flex-wrap gap-2">
        <Button size="sm" look="soft" onClick={onOpen}>
          {isDraft ? "Edit" : "New draft from this"}
        </Button>
        {card.state !== "in_force" && (
          <Button size="sm" look={isDraft ? "primary" : "outline"} onClick={onPublish}>
            {isDraft ? "Publish" : "Go back to this"}
          </Button>
        )}
        {isDraft && (
          <Button size="sm" look="quiet" onClick={onDiscard}>
            Discard
          </Button>
        )}
      </div>
    </div>
  );
}
