import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { ChevronDown, Clapperboard, Globe, Link2, Lock, Search, Trash2, Upload, UserRoundCheck } from "lucide-react";
import { lazy, Suspense, useEffect, useRef, useState } from "react";

import { listVideos, type Video, VIDEO_TYPES } from "#systems/media/contract.ts";

import { Button } from "../../parts/button.tsx";
import { cx } from "../../parts/class.ts";
import { Empty, End } from "../../parts/empty.tsx";
import { LazyMenu } from "../../parts/lazy-menu.tsx";
import { plural } from "../../parts/numbers.ts";
import { PagedList } from "../../parts/paged-list.tsx";
import { askPages } from "../../shell/house.ts";
import { useShortcuts } from "../../shell/keyboard.ts";
import { NeedMe } from "../../shell/need-me.tsx";
import { PageHeader } from "../../shell/page-header.tsx";
import { audienceWords } from "../library/audience.tsx";
import { removeFilms, showTo } from "./bulk.ts";
import { FilmRow, FilmsSkeleton, LiveFilmRow } from "./film-row.tsx";
import { type FilterId, FILTERS, isFilter, queryOf } from "./state.ts";
import { StudioTabs } from "./tabs.tsx";
import { UploadRows } from "./upload-rows.tsx";
import { type For, sendFiles, useStudioUploads } from "./uploads.ts";
import { useDrop } from "./use-drop.ts";

const Confirm = lazy(async () => ({ default: (await import("../../parts/dialog.tsx")).Confirm }));
const ImportSheet = lazy(() => import("./import-sheet.tsx"));
/** Films that are followed while they move; a browser has few lines to a house. */
const LIVE_MAX = 6;
const SEARCH_AFTER_MS = 250;
const AUDIENCES = ["private", "followers", "public"] as const;
const AUDIENCE_ICONS = { private: Lock, followers: UserRoundCheck, public: Globe };

export function StudioScreen() {
  return <NeedMe>{() => <Studio />}</NeedMe>;
}

function Studio() {
  const { q = "", show: shown } = useSearch({ from: "/studio" });
  const show: FilterId = isFilter(shown) ? shown : "";
  const [audience, setAudience] = useState<(typeof AUDIENCES)[number]>("private");
  const [importing, setImporting] = useState(false);
  const pick = useRef<HTMLInputElement>(null);
  const forWhom: For = { audience, space_id: null };
  const over = useDrop((files) => void sendFiles(files, forWhom));
  useShortcuts([
    { keys: "u", label: "Upload films", group: "Studio", run: () => pick.current?.click() },
    { keys: "i", label: "Fetch a film from an address", group: "Studio", run: () => setImporting(true) },
  ]);
  return (
    <div className="pb-24">
      <PageHeader title="Studio" detail="The films that you make">
        <Button size="sm" onClick={() => pick.current?.click()}>
          <Upload className="size-4.5" aria-hidden="true" /> Upload
        </Button>
      </PageHeader>
      <input
        ref={pick}
        type="file"
        multiple
        hidden
        aria-label="Films to upload"
        accept={`${VIDEO_TYPES.join(",")},.mkv,.avi,.m4v`}
        onChange={({ currentTarget }) => {
          void sendFiles(Array.from(currentTarget.files ?? []), forWhom);
          currentTarget.value = "";
        }}
      />
      <StudioTabs on="films" />
      <div
        className={cx(
          "mx-4 mb-3 flex flex-wrap items-center gap-x-3 gap-y-2 rounded-2xl border-2 border-dashed px-3 py-3 transition sm:px-4-colors sm:mx-0",
          over ? "border-accent-ink bg-accent-tint" : "border-line-strong/50",
        )}
      >
        <p className="min-w-0 flex-1 text-sm text-ink-2 max-sm:basis-full">
          {over ? (
            <strong className="text-accent-ink">Let go: the house takes them.</strong>
          ) : (
            <>
              <span className="max-sm:hidden">Drop films anywhere on this page. </span>
              Each can be edited while it is on its way.
            </>
          )}
        </p>
        <LazyMenu
          align="start"
          entries={() =>
            AUDIENCES.map((one) => {
              const Icon = AUDIENCE_ICONS[one];
              const { label, detail } = audienceWords(one);
              return { label, detail, icon: <Icon />, checked: one === audience, run: () => setAudience(one) };
            })
          }
          trigger={
            <Button look="outline" size="sm" className="max-sm:px-3">
              New ones: {audienceWords(audience).label}{" "}
              <ChevronDown className="size-4 text-ink-3 max-sm:hidden" aria-hidden="true" />
            </Button>
          }
        />
        <Button look="outline" size="sm" className="max-sm:px-3" onClick={() => setImporting(true)}>
          <Link2 className="size-4 max-sm:hidden" aria-hidden="true" /> From an address
        </Button>
      </div>
      <div className="px-4 sm:px-0">
        <UploadRows />
      </div>
      <Toolbar q={q} show={show} />
      <Films q={q} show={show} upload={() => pick.current?.click()} />
      <Suspense fallback={null}>{importing && <ImportSheet of={forWhom} close={() => setImporting(false)} />}</Suspense>
    </div>
  );
}

function Toolbar({ q, show }: { q: string; show: FilterId }) {
  const navigate = useNavigate();
  const [text, setText] = useState(q);
  const go = (to: { q: string; show: FilterId }) =>
    void navigate({
      to: "/studio",
      search: { ...(to.q === "" ? {} : { q: to.q }), ...(to.show === "" ? {} : { show: to.show }) },
      replace: true,
      resetScroll: false,
    });
  useEffect(() => {
    if (text.trim() === q) return;
    const timer = setTimeout(() => go({ q: text.trim(), show }), SEARCH_AFTER_MS);
    return () => clearTimeout(timer);
  });
  return (
    <div className="mb-2 flex flex-wrap items-center gap-2 px-4 sm:px-0">
      <label className="relative w-full sm:w-64">
        <span className="sr-only">Find by title</span>
        <Search
          className="pointer-events-none absolute top-1/2 left-3.5 size-4.5 -translate-y-1/2 text-ink-3"
          aria-hidden="true"
        />
        <input
          type="search"
          value={text}
          maxLength={120}
          placeholder="Find by title"
          onChange={(event) => setText(event.target.value)}
          className="h-10 w-full rounded-full border border-line-strong/60 bg-raised pr-4 pl-10 text-sm outline-none focus:border-accent-ink focus:outline-2 focus:-outline-offset-1 focus:outline-accent-ink"
        />
      </label>
      <div role="group" aria-label="Show" className="-mx-4 flex gap-1 overflow-x-auto px-4 no-bar sm:mx-0 sm:px-0">
        {FILTERS.map(({ id, label }) => (
          <button
            key={id}
            type="button"
            aria-pressed={id === show}
            onClick={() => go({ q: text.trim(), show: id })}
            className="h-9 shrink-0 rounded-full px-3.5 text-sm font-medium whitespace-nowrap text-ink-2 transition-colors hover:bg-sunken aria-pressed:bg-sunken aria-pressed:font-semibold aria-pressed:text-ink"
          >
            {label}
          </button>
        ))}
      </div>
    </div>
  );
}

function Films({ q, show, upload }: { q: string; show: FilterId; upload: () => void }) {
  const pages = useInfiniteQuery({
    ...askPages(listVideos, { query: { limit: 24, ...queryOf(show, q) } }),
    staleTime: 5_000,
    placeholderData: keepPreviousData,
  });
  const files = useStudioUploads();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const last = useRef<string | null>(null);
  const [removing, setRemoving] = useState<readonly Video[] | null>(null);
  const items = pages.data?.pages.flatMap((page) => page.items) ?? [];
  const picked = items.filter((film) => chosen.has(film.id));
  const moving = new Set(
    items
      .filter((film) => film.status === "processing")
      .slice(0, LIVE_MAX)
      .map((film) => film.id),
  );
  const choose = (id: string, on: boolean, range: boolean) => {
    const ids = items.map((film) => film.id);
    const [from, to] = [ids.indexOf(last.current ?? id), ids.indexOf(id)].toSorted((a, b) => a - b) as [number, number];
    const touched = range && from >= 0 ? ids.slice(from, to + 1) : [id];
    last.current = id;
    setChosen((before) => {
      const next = new Set(before);
      for (const one of touched) {
        if (on) next.add(one);
        else next.delete(one);
      }
      return next;
    });
  };
  const clear = () => setChosen(new Set());
  useShortcuts([
    {
      keys: "a",
      label: "Choose all that are shown",
      group: "Studio",
      run: () => setChosen(new Set(items.map((film) => film.id))),
    },
    { keys: "Escape", label: "Choose none", group: "Studio", run: clear },
  ]);
  const narrowed = q !== "" || show !== "";
  return (
    <>
      <PagedList<Video>
        pages={pages}
        what="your films"
        keyOf={(film) => film.id}
        className="overflow-hidden border-line bg-surface max-sm:border-y sm:rounded-2xl sm:border"
        skeleton={<FilmsSkeleton />}
        end={<End>These are all of them.</End>}
        empty={
          narrowed ? (
            <Empty icon={<Search />} title="Nothing like that">
              None of your films is called so, or in this state.
            </Empty>
          ) : (
            <Empty
              icon={<Clapperboard />}
              title="Your first film"
              action={<Button onClick={upload}>Upload one</Button>}
            >
              Whatever its length, it can be watched a moment after it has arrived. Nobody but you sees it until you say
              so.
            </Empty>
          )
        }
      >
        {(film) => {
          const Row = moving.has(film.id) ? LiveFilmRow : FilmRow;
          return (
            <div role="listitem">
              <Row
                video={film}
                chosen={chosen.has(film.id)}
                choose={(on, range) => choose(film.id, on, range)}
                file={files.find((file) => file.video_id === film.id)}
                remove={() => setRemoving([film])}
              />
            </div>
          );
        }}
      </PagedList>
      {picked.length > 0 && (
        <div
          role="toolbar"
          aria-label="What to do with the chosen"
          className="rise fixed inset-x-2 bottom-[calc(4.75rem+env(safe-area-inset-bottom))] z-30 mx-auto flex max-w-xl flex-wrap items-center gap-2 rounded-2xl border border-line bg-raised py-2 pr-2 pl-4 shadow-2 sm:bottom-6"
        >
          <p role="status" className="min-w-0 flex-1 text-sm font-semibold max-sm:basis-full">
            {plural(picked.length, "film")} chosen
          </p>
          <LazyMenu
            side="top"
            entries={() =>
              AUDIENCES.toReversed().map((one) => {
                const Icon = AUDIENCE_ICONS[one];
                const { label, detail } = audienceWords(one);
                return { label, detail, icon: <Icon />, run: () => void showTo(picked, one).then(clear) };
              })
            }
            trigger={
              <Button look="soft" size="sm">
                Who may see <ChevronDown className="size-4" aria-hidden="true" />
              </Button>
            }
          />
          <Button look="danger" size="sm" onClick={() => setRemoving(picked)}>
            <Trash2 className="size-4" aria-hidden="true" /> Delete
          </Button>
          <Button look="quiet" size="sm" onClick={clear}>
            None
          </Button>
        </div>
      )}
      <Suspense fallback={null}>
        {removing !== null && (
          <Confirm
            open
            onOpenChange={(open) => !open && setRemoving(null)}
            title={removing.length === 1 ? `Delete “${removing[0]!.title}”?` : `Delete ${removing.length} films?`}
            action="Delete"
            onConfirm={() => {
              const films = removing;
              setRemoving(null);
              clear();
              void removeFilms(films);
            }}
          >
            The file, all that was made of it, its captions and its numbers go. This cannot be undone.
          </Confirm>
        )}
      </Suspense>
    </>
  );
}
