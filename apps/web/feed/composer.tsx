import { useQuery } from "@tanstack/react-query";
import {
  CalendarClock,
  ChartBarBig,
  ChevronDown,
  Clock,
  Ellipsis,
  EyeOff,
  FileText,
  ImagePlus,
  Lock,
  TriangleAlert,
  UsersRound,
  X,
} from "lucide-react";
import { type ComponentProps, type DragEvent, lazy, type ReactNode, Suspense, useId, useState } from "react";

import { getMediaLimits, IMAGE_TYPES, VIDEO_TYPES } from "#systems/media/contract.ts";
import type { Me } from "#systems/people/contract.ts";
import { spacesRoutes } from "#systems/spaces/contract.ts";

import { AttachmentCards } from "../media/attachment-cards.tsx";
import { addFile, useAttachments } from "../media/attachments.ts";
import { Avatar } from "../parts/avatar.tsx";
import { Button } from "../parts/button.tsx";
import { cx } from "../parts/class.ts";
import { LazyMenu } from "../parts/lazy-menu.tsx";
import type { QuotedBriefly } from "../shell/compose.ts";
import { ask } from "../shell/house.ts";
import { MOD } from "../shell/keyboard.ts";
import { editDraft, postDraft, useDraft } from "./draft.ts";
import { obstacle } from "./obstacle.ts";
import { AUDIENCE_ICONS, AUDIENCE_WORDS } from "./post-card.tsx";
import { Counter, WritingField } from "./writing-field.tsx";
import { WarningField } from "./writing/warning-field.tsx";

const PollEditor = lazy(async () => ({ default: (await import("./writing/poll-editor.tsx")).PollEditor }));
const ScheduleSheet = lazy(() => import("./writing/schedule-sheet.tsx"));
const kept = () => import("./writing/kept-sheets.ts");
const DraftsSheet = lazy(async () => ({ default: (await kept()).DraftsSheet }));
const ScheduledSheet = lazy(async () => ({ default: (await kept()).ScheduledSheet }));

const DAY_S = 86_400;

const AUDIENCE_DETAILS = {
  public: "Anyone who comes by",
  followers: "People who follow you",
  private: "Nobody else",
} as const;

/** Where a post is written: words, pictures or a video, and for whom. */
export function Composer({
  me,
  caretHere = false,
  rows = 3,
  holdsTools = false,
  onPosted,
  foot,
}: {
  me: Me;
  caretHere?: boolean;
  rows?: number;
  /** In a sheet the row of tools stays in sight, however long the post gets. */
  holdsTools?: boolean;
  onPosted?: () => void;
  foot?: ReactNode;
}) {
  const draft = useDraft();
  const files = useAttachments();
  const [over, setOver] = useState(false);
  const [tried, setTried] = useState(false);
  const [sheet, setSheet] = useState<"when" | "drafts" | "scheduled" | null>(null);
  const limits = useQuery({ ...ask(getMediaLimits), staleTime: 5 * 60_000 });
  const problem = obstacle(draft, files);
  const waiting = files.some((file) => file.stage === "uploading" || file.stage === "making");

  const take = (list: readonly File[]) => {
    for (const file of list) void addFile(file);
  };
  const post = (publish_at: string | null = null) => {
    setTried(true);
    setSheet(null);
    if (problem !== null || draft.posting) return;
    void postDraft(publish_at);
    onPosted?.();
  };
  const later = () => {
    setTried(true);
    if (problem === null && !draft.posting) setSheet("when");
  };
  const onDrop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    // The items are gone after this event; handles are asked for at once.
    for (const item of event.dataTransfer.items) {
      const file = item.getAsFile();
      const asked = (
        item as DataTransferItem & { getAsFileSystemHandle?: () => Promise<FileSystemHandle | null> }
      ).getAsFileSystemHandle?.();
      if (!file) continue;
      void Promise.resolve(asked)
        .catch(() => null)
        .then((handle) => addFile(file, handle?.kind === "file" ? (handle as FileSystemFileHandle) : null));
    }
  };
  const refused = [limits.data?.video, limits.data?.image].filter((kind) => kind && !kind.accepted);
  return (
    <>
      {/* Files may be dropped on all of it; whoever has no pointer takes the button. */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions */}
      <form
        aria-label="Write a post"
        onSubmit={(event) => {
          event.preventDefault();
          post();
        }}
        onDragOver={(event) => {
          if (!event.dataTransfer.types.includes("Files")) return;
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={(event) => !event.currentTarget.contains(event.relatedTarget as Node | null) && setOver(false)}
        onDrop={onDrop}
        className="relative flex min-h-0 flex-1 flex-col"
      >
        <div className="flex flex-1 gap-3">
          <Avatar person={me} className="mt-0.5 max-sm:hidden" />
          <div className="min-w-0 flex-1">
            {draft.content_warning !== null && (
              <WarningField
                label="Warning before the post"
                value={draft.content_warning}
                onChange={(content_warning) => editDraft({ content_warning })}
              />
            )}
            <WritingField
              value={draft.text}
              onChange={(text) => editDraft({ text })}
              label="Text of the post"
              placeholder={draft.space ? `Say something in ${draft.space.name}` : "What is going on?"}
              rows={rows}
              caretHere={caretHere}
              onSubmit={() => post()}
              onFiles={take}
            />
            <AttachmentCards files={files} />
            {files.length > 0 && (
              <label className="mt-2 flex min-h-10 cursor-pointer items-center gap-2.5 text-sm font-medium">
                <input
                  type="checkbox"
                  checked={draft.sensitive}
                  onChange={({ target }) => editDraft({ sensitive: target.checked })}
                  className="size-4.5 accent-accent"
                />
                <EyeOff className="size-4.5 text-ink-3" aria-hidden="true" />
                Sensitive: cover it until somebody asks
              </label>
            )}
            {draft.poll && (
              <Suspense fallback={<div className="h-64" />}>
                <PollEditor
                  poll={draft.poll}
                  onChange={(poll) => editDraft({ poll })}
                  onRemove={() => editDraft({ poll: null })}
                />
              </Suspense>
            )}
            {draft.quote && <Quoted quote={draft.quote} onRemove={() => editDraft({ quote: null })} />}
            {refused.map((kind) => (
              <p key={kind?.because} className="mt-2 rounded-xl bg-warn-tint px-3 py-2 text-sm text-warn">
                {kind?.because}
              </p>
            ))}
          </div>
        </div>
        {tried && problem !== null && (
          <p role="alert" className="mt-2 text-sm font-medium text-bad">
            {problem}
          </p>
        )}
        <div
          className={cx(
            "mt-3 flex items-center border-t border-line pt-3 sm:gap-1",
            holdsTools && "sticky bottom-0 z-10 -mx-6 -mb-4 bg-surface px-6 pb-4",
          )}
        >
          <FileButton onFiles={take} />
          <Tool
            label={draft.poll ? "Take the poll out" : "Add a poll"}
            aria-pressed={draft.poll !== null}
            disabled={files.length > 0}
            onClick={() =>
              editDraft({
                poll: draft.poll ? null : { options: ["", ""], multiple: false, hides_results: false, open_s: DAY_S },
              })
            }
          >
            <ChartBarBig className="size-5.5" aria-hidden="true" />
          </Tool>
          <Tool
            label={draft.content_warning === null ? "Warn before it" : "Take the warning out"}
            aria-pressed={draft.content_warning !== null}
            onClick={() => editDraft({ content_warning: draft.content_warning === null ? "" : null })}
          >
            <TriangleAlert className="size-5.5" aria-hidden="true" />
          </Tool>
          <LazyMenu
            align="start"
            entries={() => [
              { label: "Publish later", icon: <Clock />, run: later },
              "line",
              { label: "Drafts", icon: <FileText />, run: () => setSheet("drafts") },
              { label: "Scheduled posts", icon: <CalendarClock />, run: () => setSheet("scheduled") },
            ]}
            trigger={
              <Tool label="Publish later, drafts">
                <Ellipsis className="size-5.5" aria-hidden="true" />
              </Tool>
            }
          />
          <AudiencePicker />
          <span className="flex-1" />
          <Counter text={draft.text} />
          <Button
            type="submit"
            size="sm"
            className="ml-2 h-10"
            busy={draft.posting && !waiting}
            disabled={draft.posting || (problem !== null && draft.text.trim() === "" && files.length === 0)}
            title={`${MOD} Enter`}
          >
            {draft.posting ? "Posting when it is there" : waiting ? "Post when it is there" : "Post"}
          </Button>
        </div>
        {foot}
        {over && (
          <div className="pointer-events-none absolute -inset-2 z-10 grid place-items-center rounded-2xl border-2 border-dashed border-accent-ink bg-accent-tint/95">
            <p className="flex items-center gap-3 text-lg font-bold text-accent-ink">
              <ImagePlus className="size-7" aria-hidden="true" /> Let go, and it is in the post
            </p>
          </div>
        )}
      </form>
      {/* Beside the form and not in it: React hands what happens in a sheet to those around it here. */}
      <Suspense fallback={null}>
        {sheet === "when" && (
          <ScheduleSheet action="Schedule" onChoose={(at) => post(at)} close={() => setSheet(null)} />
        )}
        {sheet === "drafts" && <DraftsSheet close={() => setSheet(null)} />}
        {sheet === "scheduled" && <ScheduledSheet close={() => setSheet(null)} />}
      </Suspense>
    </>
  );
}

/** One of the row of tools; the same size as what picks files. */
function Tool({ label, children, ...rest }: ComponentProps<"button"> & { label: string }) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      {...rest}
      className="grid size-10 shrink-0 place-items-center rounded-full text-accent-ink hover:bg-sunken disabled:opacity-35 aria-pressed:bg-accent-tint sm:size-11"
    >
      {children}
    </button>
  );
}

function Quoted({ quote, onRemove }: { quote: QuotedBriefly; onRemove: () => void }) {
  return (
    <div className="rise mt-3 flex items-start gap-2 rounded-xl border border-line py-2 pr-1 pl-3.5">
      <div className="min-w-0 flex-1 py-1">
        <p className="flex items-center gap-2 text-sm">
          <Avatar person={quote.author} size="xs" />
          <span className="truncate font-bold">{quote.author.display_name}</span>
          <span className="truncate text-ink-3">@{quote.author.handle}</span>
        </p>
        <p dir="auto" className="mt-1 line-clamp-3 text-sm whitespace-pre-line text-ink-2 wrap-anywhere">
          {quote.text === "" ? "Without words" : quote.text}
        </p>
      </div>
      <button
        type="button"
        aria-label="Take the quoted post out"
        onClick={onRemove}
        className="grid size-10 shrink-0 place-items-center rounded-full text-ink-3 hover:bg-sunken hover:text-ink"
      >
        <X className="size-4.5" aria-hidden="true" />
      </button>
    </div>
  );
}

function FileButton({ onFiles }: { onFiles: (files: File[]) => void }) {
  const id = useId();
  return (
    <>
      <input
        id={id}
        type="file"
        multiple
        accept={[...IMAGE_TYPES, ...VIDEO_TYPES, ".mkv", ".avi"].join(",")}
        className="peer sr-only"
        onChange={({ target }) => {
          onFiles([...(target.files ?? [])]);
          target.value = "";
        }}
      />
      <label
        htmlFor={id}
        title="Add pictures or a video"
        className="-ml-2 grid size-11 cursor-pointer place-items-center rounded-full text-accent-ink peer-focus-visible:outline-2 peer-focus-visible:outline-accent-ink hover:bg-sunken"
      >
        <ImagePlus className="size-5.5" aria-hidden="true" />
        <span className="sr-only">Add pictures or a video</span>
      </label>
    </>
  );
}

function AudiencePicker() {
  const draft = useDraft();
  const mine = useQuery(ask(spacesRoutes.mySpaces, { query: { limit: 20 } }));
  const Icon = draft.space ? UsersRound : (AUDIENCE_ICONS[draft.audience] ?? Lock);
  const name = draft.space ? draft.space.name : AUDIENCE_WORDS[draft.audience];
  return (
    <LazyMenu
      align="start"
      entries={() => [
        ...(["public", "followers", "private"] as const).map((audience) => {
          const Sign = AUDIENCE_ICONS[audience];
          return {
            label: AUDIENCE_WORDS[audience],
            detail: AUDIENCE_DETAILS[audience],
            icon: <Sign />,
            checked: !draft.space && draft.audience === audience,
            run: () => editDraft({ audience, space: null }),
          };
        }),
        ...((mine.data?.items.length ?? 0) > 0 ? (["line"] as const) : []),
        ...(mine.data?.items ?? []).map((space) => ({
          label: space.name,
          detail: "In this space",
          icon: <UsersRound />,
          checked: draft.space?.id === space.id,
          run: () => editDraft({ space: { id: space.id, slug: space.slug, name: space.name } }),
        })),
      ]}
      trigger={
        <button
          type="button"
          aria-label={`For: ${name}. Change who may see it`}
          className="flex h-10 min-w-0 items-center gap-1.5 rounded-full px-3 text-sm font-semibold text-ink-2 hover:bg-sunken"
        >
          <Icon className="size-4.5 shrink-0" aria-hidden="true" />
          <span className={cx("truncate", draft.space && "max-w-28 sm:max-w-44")}>{name}</span>
          <ChevronDown className="size-4 shrink-0 text-ink-3" aria-hidden="true" />
        </button>
      }
    />
  );
}
