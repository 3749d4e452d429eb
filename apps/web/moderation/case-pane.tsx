import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ArrowLeft, ExternalLink } from "lucide-react";
import { type ReactNode, useState } from "react";

import { getComment } from "#systems/feed/contract.ts";
import {
  type CaseWhole,
  claimCase,
  getCase,
  listCases,
  NOTE_CHARS_MAX,
  noteCase,
  releaseCase,
} from "#systems/moderation/contract.ts";

import { Avatar } from "../parts/avatar.tsx";
import { Button, buttonClass, IconButton } from "../parts/button.tsx";
import { Failed } from "../parts/empty.tsx";
import { TextArea } from "../parts/field.tsx";
import { Loading, Skeleton } from "../parts/skeleton.tsx";
import { Ago } from "../parts/time.tsx";
import { ask, call, queries } from "../shell/house.ts";
import { useMe } from "../shell/session.ts";
import { sorry } from "../shell/toasts.ts";
import { ActForm } from "./act-form.tsx";
import { ActLine, Kept } from "./pieces.tsx";
import { addressOf, KIND_WORDS, reportedAs } from "./words.ts";

/** One case: what stands there, who said what about it, what was done before, and what can be done now. */
export function CasePane({ id, close }: { id: string; close: () => void }) {
  const asked = useQuery({ ...ask(getCase, { params: { id } }), staleTime: 5_000 });
  const keep = (whole: CaseWhole) => {
    queries.setQueryData(ask(getCase, { params: { id } }).queryKey, whole);
    void queries.invalidateQueries({ queryKey: [listCases.path] });
  };
  return (
    <section aria-label="Case" className="pb-16">
      <div className="sticky top-0 z-10 flex items-center gap-1 bg-birch/90 px-2 py-1.5 backdrop-blur-md lg:hidden">
        <IconButton label="Back to the list" onClick={close}>
          <ArrowLeft className="size-5.5" />
        </IconButton>
        <span className="font-bold">Case</span>
      </div>
      {asked.isPending ? (
        <div className="space-y-3 p-4">
          <Loading what="the case" />
          <Skeleton className="h-40 rounded-2xl" />
          <Skeleton className="h-24 rounded-2xl" />
        </div>
      ) : asked.isError ? (
        <Failed error={asked.error} retry={() => void asked.refetch()} title="This case is not here" />
      ) : (
        <Whole one={asked.data} keep={keep} close={close} />
      )}
    </section>
  );
}

const Box = ({ title, children }: { title: string; children: ReactNode }) => (
  <div className="border-line bg-surface p-4 max-sm:border-y sm:rounded-2xl sm:border sm:p-5">
    <h2 className="mb-3 text-sm font-bold">{title}</h2>
    {children}
  </div>
);

function Whole({ one, keep, close }: { one: CaseWhole; keep: (whole: CaseWhole) => void; close: () => void }) {
  const me = useMe();
  const { person, now } = one;
  const mine = one.claimed_by?.id === me?.id && one.claimed_by !== null;
  const others = one.claimed_by !== null && !mine;
  const states = [
    now.gone && "It is deleted",
    now.hidden && "It is hidden",
    now.changed && "It was changed since",
    now.limited && "They are limited",
    now.suspended && "They are suspended",
  ].filter((state): state is string => state !== false);
  return (
    <div className="space-y-3">
      <Box title={`${KIND_WORDS[one.subject.kind]}${one.space ? ` in ${one.space.name}` : ""}`}>
        <div className="mb-3 flex items-center gap-3">
          {person && <Avatar person={person} size="sm" />}
          <p className="min-w-0 flex-1 truncate text-sm">
            {person ? (
              <Link to="/@{$handle}" params={{ handle: person.handle }} className="font-bold hover:underline">
                {person.display_name} <span className="font-normal text-ink-3">@{person.handle}</span>
              </Link>
            ) : (
              "Somebody who left"
            )}
          </p>
          <OpenIt one={one} />
        </div>
        {one.snapshots.map(({ id, at, content }) => (
          <div key={id} className="mb-2 last:mb-0">
            <Kept content={content} />
            {one.snapshots.length > 1 && (
              <p className="mt-1 pl-1 text-xs text-ink-3">
                as it stood <Ago at={at} /> ago
              </p>
            )}
          </div>
        ))}
        {one.snapshots.length === 0 && (
          <p className="text-sm text-ink-3">
            {one.state === "closed"
              ? "What was kept of it went half a year after the case was closed."
              : "Nothing of it was kept."}
          </p>
        )}
        {states.length > 0 && <p className="mt-3 text-sm font-semibold text-warn">{states.join(". ")}.</p>}
      </Box>
      <Box title={reportedAs(one)}>
        {one.reported.length === 0 ? (
          <p className="text-sm text-ink-3">Nobody reported it.</p>
        ) : (
          <ul className="space-y-3">
            {one.reported.map((report) => (
              <li key={report.id} className="text-sm">
                <p>
                  <b>@{report.reporter?.handle ?? "somebody who left"}</b>
                  <span className="text-ink-3">
                    {" "}
                    · {report.rule.title} · <Ago at={report.at} />
                  </span>
                </p>
                {report.words !== "" && <p className="whitespace-pre-wrap text-ink-2">{report.words}</p>}
              </li>
            ))}
          </ul>
        )}
      </Box>
      {one.acts.length > 0 && (
        <Box title="What was done to them before">
          <div className="space-y-3">
            {one.acts.map((act) => (
              <ActLine key={act.id} act={act} undoable />
            ))}
          </div>
        </Box>
      )}
      {one.state === "closed" ? (
        <Box title={one.outcome === "acted" ? "Closed: moderators acted" : "Closed: nothing to be done"}>
          <p className="text-sm text-ink-2">
            {one.answer || "Reporters were told the outcome, without further words."}
          </p>
        </Box>
      ) : others ? (
        <Box title={`@${one.claimed_by!.handle} has this in hand`}>
          <p className="text-sm text-ink-2">
            Two should not act at once. After half an hour without a step it is free again.
          </p>
        </Box>
      ) : (
        <Box title="What to do">
          {!mine && (
            <p className="mb-4 flex flex-wrap items-center gap-3 text-sm text-ink-2">
              <Button
                look="outline"
                size="sm"
                onClick={() =>
                  void call(claimCase, { params: { id: one.id } })
                    .then(keep)
                    .catch(sorry)
                }
              >
                Take it in hand
              </Button>
              so that nobody else works on it meanwhile
            </p>
          )}
          {mine && (
            <p className="mb-4 flex flex-wrap items-center gap-3 text-sm text-ink-2">
              You have this in hand.
              <Button
                look="quiet"
                size="sm"
                onClick={() =>
                  void call(releaseCase, { params: { id: one.id } })
                    .then(keep)
                    .catch(sorry)
                }
              >
                Give it back
              </Button>
            </p>
          )}
          <ActForm one={one} keep={keep} left={close} />
        </Box>
      )}
      <Notes one={one} keep={keep} />
    </div>
  );
}

function OpenIt({ one }: { one: CaseWhole }) {
  const isComment = one.subject.kind === "comment";
  const comment = useQuery({
    ...ask(getComment, { params: { id: one.subject.id } }),
    enabled: isComment,
    retry: false,
  });
  const to = isComment
    ? comment.data && `/posts/${comment.data.post_id}#comments`
    : addressOf(one.subject, one.person?.handle);
  if (!to || one.now.gone) return null;
  return (
    <a href={to} target="_blank" rel="noreferrer" className={buttonClass("quiet", "sm")}>
      <ExternalLink className="size-4" aria-hidden="true" /> See it
    </a>
  );
}

function Notes({ one, keep }: { one: CaseWhole; keep: (whole: CaseWhole) => void }) {
  const [words, setWords] = useState("");
  const [busy, setBusy] = useState(false);
  return (
    <Box title="Notes among moderators">
      {one.notes.map((note) => (
        <p key={note.id} className="mb-2 text-sm">
          <b>@{note.by?.handle ?? "somebody who left"}</b>{" "}
          <span className="text-xs text-ink-3">
            <Ago at={note.at} />
          </span>
          <span className="block whitespace-pre-wrap text-ink-2">{note.words}</span>
        </p>
      ))}
      <form
        className="flex items-end gap-2"
        onSubmit={(event) => {
          event.preventDefault();
          setBusy(true);
          call(noteCase, { params: { id: one.id }, body: { words } })
            .then((whole) => {
              setWords("");
              keep(whole);
            })
            .catch(sorry)
            .finally(() => setBusy(false));
        }}
      >
        <div className="flex-1">
          <TextArea
            label="Leave a word"
            className="min-h-12"
            maxLength={NOTE_CHARS_MAX}
            value={words}
            onChange={(event) => setWords(event.target.value)}
          />
        </div>
        <Button type="submit" look="soft" busy={busy} disabled={words.trim() === ""}>
          Note
        </Button>
      </form>
    </Box>
  );
}
