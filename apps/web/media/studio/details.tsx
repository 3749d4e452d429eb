import { useQuery } from "@tanstack/react-query";
import { Sparkles, Timer } from "lucide-react";
import { useEffect, useEffectEvent, useState } from "react";

import type { Audience } from "#kernel/wire.ts";
import { type Chapters, getChapters, patchVideo, putChapters, type Video } from "#systems/media/contract.ts";
import { spacesRoutes } from "#systems/spaces/contract.ts";

import { Refusal, sentenceOf } from "../../client.ts";
import { Button } from "../../parts/button.tsx";
import { Failed } from "../../parts/empty.tsx";
import { Choices, SelectField, TextArea, TextField, Tick } from "../../parts/field.tsx";
import { Skeleton } from "../../parts/skeleton.tsx";
import { ask, call, queries } from "../../shell/house.ts";
import { useShortcuts } from "../../shell/keyboard.ts";
import { say } from "../../shell/toasts.ts";
import { audienceWords } from "../library/audience.tsx";
import type { TabProps } from "./edit.tsx";
import { toldOf } from "./film-cache.ts";
import { dropDraft, keepDraft, keptDraft } from "./kept.ts";
import { parseChapters, withChapter, writeChapters } from "./times.ts";

interface Form {
  title: string;
  description: string;
  audience: Audience;
  space_id: string;
  downloads: Video["downloads"];
  embedding: Video["embedding"];
  chapters: string;
}

const AUDIENCES = ["public", "followers", "space", "private"] as const;

/** A film's words and who may see it; what is not saved is kept in this browser. */
export function DetailsTab(props: TabProps) {
  const chapters = useQuery(ask(getChapters, { params: { video_id: props.film.id } }));
  if (chapters.isPending) return <Skeleton className="h-96" />;
  if (chapters.isError) return <Failed error={chapters.error} retry={() => void chapters.refetch()} />;
  return <Details {...props} chapters={chapters.data} />;
}

const formOf = (film: Video, chapters: Chapters): Form => ({
  title: film.title,
  description: film.description,
  audience: film.audience,
  space_id: film.space_id ?? "",
  downloads: film.downloads,
  embedding: film.embedding,
  chapters: chapters.origin === null ? "" : writeChapters(chapters.items),
});

const isForm = (value: unknown): value is Form =>
  typeof value === "object" &&
  value !== null &&
  ["title", "description", "audience", "space_id", "downloads", "embedding", "chapters"].every(
    (name) => typeof (value as Record<string, unknown>)[name] === "string",
  );

function Details({ film, video, chapters }: TabProps & { chapters: Chapters }) {
  const told = formOf(film, chapters);
  const [draft, setDraft] = useState(() => keptDraft(film.id, "details", isForm));
  const [found] = useState(draft !== null);
  const form = draft ?? told;
  const changed = draft !== null && JSON.stringify(draft) !== JSON.stringify(told);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const spaces = useQuery(ask(spacesRoutes.mySpaces));
  const mine = spaces.data?.items ?? [];
  const fields = problem instanceof Refusal ? problem.fields : {};
  const parsed = parseChapters(form.chapters, film.duration_ms);
  const set = (change: Partial<Form>) => {
    const next = { ...form, ...change };
    setDraft(next);
    if (JSON.stringify(next) === JSON.stringify(told)) dropDraft(film.id, "details");
    else keepDraft(film.id, "details", next);
  };
  const forget = () => {
    dropDraft(film.id, "details");
    setDraft(null);
    setProblem(null);
  };
  useWarning(changed);

  async function save() {
    const params = { video_id: film.id };
    if (form.chapters !== told.chapters) {
      const answer = await call(putChapters, { params, body: { items: parsed.items } });
      queries.setQueryData(ask(getChapters, { params }).queryKey, answer);
    }
    const space_id = form.space_id || mine[0]?.id;
    const body = {
      ...(form.title === told.title ? {} : { title: form.title }),
      ...(form.description === told.description ? {} : { description: form.description }),
      ...(form.audience === told.audience && form.space_id === told.space_id
        ? {}
        : { audience: form.audience, ...(form.audience === "space" && space_id ? { space_id } : {}) }),
      ...(form.downloads === told.downloads ? {} : { downloads: form.downloads }),
      ...(form.embedding === told.embedding ? {} : { embedding: form.embedding }),
    };
    if (Object.keys(body).length > 0) toldOf(await call(patchVideo, { params, body }));
    else await queries.invalidateQueries({ queryKey: ["/v1/videos/{video_id}", params] });
    if (form.description !== told.description)
      await queries.invalidateQueries({ queryKey: ask(getChapters, { params }).queryKey });
    forget();
    say("Saved.");
  }
  const submit = () => {
    if (busy || !changed || parsed.problem !== null) return;
    setBusy(true);
    setProblem(null);
    save()
      .catch(setProblem)
      .finally(() => setBusy(false));
  };
  useShortcuts([{ keys: "mod+s", label: "Save", group: "Studio", run: submit }]);
  return (
    <form
      aria-label="Details"
      className="space-y-6"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      {found && changed && (
        <p role="status" className="rounded-xl bg-warn-tint px-4 py-2.5 text-sm text-warn">
          These are changes from before that are not saved yet.
        </p>
      )}
      <TextField
        label="Title"
        required
        maxLength={120}
        error={fields.title}
        value={form.title}
        onChange={(event) => set({ title: event.target.value })}
      />
      <TextArea
        label="Description"
        maxLength={5000}
        error={fields.description}
        hint="Lines that begin with a time become chapters."
        value={form.description}
        onChange={(event) => set({ description: event.target.value })}
      />
      <Choices
        label="Who may see it"
        columns={2}
        value={form.audience}
        onChange={(audience) => set({ audience })}
        choices={AUDIENCES.filter((one) => one !== "space" || mine.length > 0 || form.audience === "space").map(
          (one) => {
            const { label, detail, Icon } = audienceWords(one);
            return { value: one, label, detail, icon: <Icon aria-hidden="true" /> };
          },
        )}
      />
      {form.audience === "space" && (
        <SelectField
          label="Space"
          value={form.space_id || mine[0]?.id}
          error={fields.space_id}
          onChange={(event) => set({ space_id: event.target.value })}
        >
          {mine.map((space) => (
            <option key={space.id} value={space.id}>
              {space.name}
            </option>
          ))}
        </SelectField>
      )}
      <div>
        <TextArea
          label="Chapters"
          rows={4}
          placeholder={"0:00 Beginning\n1:30 The saw"}
          error={parsed.problem ?? fields.items}
          hint={
            chapters.origin === "file" ? "These came with the file." : "One a line: a time and a title, from 0:00 on."
          }
          value={form.chapters}
          onChange={(event) => set({ chapters: event.target.value })}
          className="font-mono text-sm tabular-nums"
        />
        <div className="mt-2 flex flex-wrap gap-2">
          <Button
            look="outline"
            size="sm"
            disabled={!video}
            onClick={() => video && set({ chapters: withChapter(form.chapters, video.currentTime) })}
          >
            <Timer className="size-4" aria-hidden="true" /> Begin one here
          </Button>
          {chapters.suggested.length > 0 && form.chapters.trim() === "" && (
            <Button look="outline" size="sm" onClick={() => set({ chapters: writeChapters(chapters.suggested) })}>
              <Sparkles className="size-4" aria-hidden="true" /> Take the {chapters.suggested.length} of the description
            </Button>
          )}
        </div>
      </div>
      <fieldset>
        <legend className="mb-1 text-sm font-semibold">What others may do with it</legend>
        <Tick
          label="Download the file"
          detail="Whoever may see it also gets the file that you sent."
          checked={form.downloads === "viewers"}
          onChange={(event) => set({ downloads: event.target.checked ? "viewers" : "nobody" })}
        />
        <Tick
          label="Show it on other sites"
          detail="In a frame, and only as long as everybody may see it."
          checked={form.embedding === "anywhere"}
          onChange={(event) => set({ embedding: event.target.checked ? "anywhere" : "nobody" })}
        />
      </fieldset>
      {problem !== null && (
        <p role="alert" className="text-sm font-medium text-bad">
          {sentenceOf(problem)}
        </p>
      )}
      <div className="sticky bottom-[calc(4.5rem+env(safe-area-inset-bottom))] z-10 -mx-4 flex items-center gap-3 border-t border-line bg-birch/92 px-4 py-3 backdrop-blur-md sm:bottom-0 sm:mx-0 sm:px-0">
        <Button type="submit" busy={busy} disabled={!changed || parsed.problem !== null}>
          Save
        </Button>
        {changed && (
          <Button look="quiet" onClick={forget}>
            Throw the changes away
          </Button>
        )}
        <p role="status" className="text-xs text-ink-3">
          {changed ? "Not saved yet; kept in this browser." : ""}
        </p>
      </div>
    </form>
  );
}

/** A page that would take changes with it says so before it goes. Other screens of the house leave them where they are. */
export function useWarning(changed: boolean) {
  const warn = useEffectEvent((event: BeforeUnloadEvent) => changed && event.preventDefault());
  useEffect(() => {
    const run = (event: BeforeUnloadEvent) => warn(event);
    window.addEventListener("beforeunload", run);
    return () => window.removeEventListener("beforeunload", run);
  }, []);
}
