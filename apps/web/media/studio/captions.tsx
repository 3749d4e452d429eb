import { useQuery } from "@tanstack/react-query";
import { Captions as CaptionsIcon, Download, Ellipsis, FileUp, Pencil, Plus, Star, Trash2 } from "lucide-react";
import { useRef, useState } from "react";

import { type Captions, deleteCaptions, listCaptions, putCaptions } from "#systems/media/contract.ts";

import { Button, IconButton } from "../../parts/button.tsx";
import { Empty, Failed } from "../../parts/empty.tsx";
import { SelectField } from "../../parts/field.tsx";
import { LazyMenu } from "../../parts/lazy-menu.tsx";
import { plural } from "../../parts/numbers.ts";
import { RowSkeleton } from "../../parts/skeleton.tsx";
import { Panel } from "../../people/sections.tsx";
import { ask, call, queries } from "../../shell/house.ts";
import { say, sorry } from "../../shell/toasts.ts";
import { languageName } from "../player/captions.ts";
import { CueEditor } from "./cues.tsx";
import type { TabProps } from "./edit.tsx";
import { filmKey } from "./film-cache.ts";
import { dropDraft } from "./kept.ts";

/** The first ones to offer; any other is typed. */
const LANGUAGES = "sv en fi nb da de fr es it pt nl pl uk ru ar fa so ti zh ja".split(" ");
const CAPTIONS_FILE_BYTES_MAX = 1024 * 1024;

export default function CaptionsTab(props: TabProps) {
  const { film } = props;
  const params = { video_id: film.id };
  const list = useQuery(ask(listCaptions, { params }));
  const [open, setOpen] = useState<string | null>(null);
  const changed = async () => {
    await queries.invalidateQueries({ queryKey: ask(listCaptions, { params }).queryKey });
    await queries.invalidateQueries({ queryKey: filmKey(film.id) });
  };
  if (open !== null)
    return <CueEditor key={open} {...props} language={open} changed={changed} close={() => setOpen(null)} />;
  const items = list.data?.items ?? [];
  return (
    <Panel title="Captions" intro="What is said, for who cannot hear it, and in other languages.">
      {list.isPending ? (
        <RowSkeleton />
      ) : list.isError ? (
        <Failed error={list.error} retry={() => void list.refetch()} />
      ) : items.length === 0 ? (
        <Empty icon={<CaptionsIcon />} title="No captions yet">
          Write them beside the film, or bring a file (.vtt or .srt).
        </Empty>
      ) : (
        <ul className="-mx-2 divide-y divide-line">
          {items.map((one) => (
            <li key={one.language} className="flex items-center gap-3 px-2 py-2">
              <button
                type="button"
                onClick={() => setOpen(one.language)}
                className="min-w-0 flex-1 rounded-lg py-1 text-left hover:underline"
              >
                <span className="block truncate text-sm font-semibold">
                  {one.label}
                  {one.is_default && <span className="ml-2 text-xs font-medium text-good">shown unasked</span>}
                </span>
                <span className="block truncate text-xs text-ink-3">
                  {languageName(one.language)} · {one.kind === "captions" ? "all that is heard" : "what is spoken"} ·{" "}
                  {plural(one.cue_count, "line")}
                  {one.origin === "file" && " · from the file"}
                </span>
              </button>
              <CaptionsMenu film_id={film.id} one={one} edit={() => setOpen(one.language)} changed={changed} />
            </li>
          ))}
        </ul>
      )}
      <AddCaptions film_id={film.id} has={items.map((one) => one.language)} open={setOpen} changed={changed} />
    </Panel>
  );
}

function CaptionsMenu({
  film_id,
  one,
  edit,
  changed,
}: {
  film_id: string;
  one: Captions;
  edit: () => void;
  changed: () => Promise<void>;
}) {
  const params = { video_id: film_id, language: one.language };
  const put = (body: { is_default: boolean } | { kind: Captions["kind"] }) =>
    void call(putCaptions, { params, body }).then(changed).catch(sorry);
  return (
    <LazyMenu
      entries={() => [
        { label: "Edit the lines", icon: <Pencil />, run: edit },
        ...(one.url === null
          ? []
          : [{ label: "Fetch as a file", icon: <Download />, run: () => save(one.url!, `${one.language}.vtt`) }]),
        {
          label: "Shown unasked",
          icon: <Star />,
          checked: one.is_default,
          run: () => put({ is_default: !one.is_default }),
        },
        {
          label: "Says all that is heard",
          icon: <CaptionsIcon />,
          checked: one.kind === "captions",
          run: () => put({ kind: one.kind === "captions" ? "subtitles" : "captions" }),
        },
        "line",
        { label: "Delete", icon: <Trash2 />, danger: true, run: () => remove(film_id, one, changed) },
      ]}
      trigger={
        <IconButton label={`More about ${one.label}`}>
          <Ellipsis className="size-5" />
        </IconButton>
      }
    />
  );
}

function save(url: string, name: string) {
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
}

/** Gone at once; Undo writes the same lines again. */
function remove(video_id: string, { language, label, kind, is_default, url }: Captions, changed: () => Promise<void>) {
  const params = { video_id, language };
  const work = async () => {
    const text = url === null ? null : await (await fetch(url)).text();
    await call(deleteCaptions, { params });
    dropDraft(video_id, `captions.${language}`);
    await changed();
    const undo = async () => {
      await call(putCaptions, { params, body: { text: text ?? "", label, kind, is_default } });
      await changed();
    };
    say(`${label} deleted.`, text === null ? undefined : undo);
  };
  void work().catch(sorry);
}

function AddCaptions({
  film_id,
  has,
  open,
  changed,
}: {
  film_id: string;
  has: readonly string[];
  open: (language: string) => void;
  changed: () => Promise<void>;
}) {
  const offered = [...new Set([navigator.language.split("-")[0] ?? "en", ...LANGUAGES])].filter(
    (one) => !has.includes(one),
  );
  const [language, setLanguage] = useState("");
  const [busy, setBusy] = useState(false);
  const pick = useRef<HTMLInputElement>(null);
  const chosen = language !== "" && !has.includes(language) ? language : (offered[0] ?? "en");
  const bring = async (file: File) => {
    if (file.size > CAPTIONS_FILE_BYTES_MAX) throw new Error("A captions file has 1 MB at most.");
    await call(putCaptions, { params: { video_id: film_id, language: chosen }, body: { text: await file.text() } });
    await changed();
    say(`${languageName(chosen)}: the file is taken.`);
  };
  return (
    <div className="mt-5 flex flex-wrap items-end gap-2 border-t border-line pt-5">
      <div className="min-w-44 flex-1">
        <SelectField label="Another language" value={chosen} onChange={(event) => setLanguage(event.target.value)}>
          {offered.map((one) => (
            <option key={one} value={one}>
              {languageName(one)}
            </option>
          ))}
        </SelectField>
      </div>
      <Button look="soft" onClick={() => open(chosen)}>
        <Plus className="size-4.5" aria-hidden="true" /> Write
      </Button>
      <Button look="outline" busy={busy} onClick={() => pick.current?.click()}>
        <FileUp className="size-4.5" aria-hidden="true" /> From a file
      </Button>
      <input
        ref={pick}
        type="file"
        hidden
        accept=".vtt,.srt,text/vtt"
        aria-label="A captions file"
        onChange={({ currentTarget }) => {
          const [file] = Array.from(currentTarget.files ?? []);
          currentTarget.value = "";
          if (!file) return;
          setBusy(true);
          void bring(file)
            .catch((error: unknown) =>
              sorry(error instanceof Error && error.constructor === Error ? error.message : error),
            )
            .finally(() => setBusy(false));
        }}
      />
    </div>
  );
}
