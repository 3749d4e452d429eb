import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Inbox, Scale } from "lucide-react";

import { listAppeals, listCases, type ModerationCase } from "#systems/moderation/contract.ts";
import type { Me } from "#systems/people/contract.ts";

import { cx } from "../parts/class.ts";
import { Empty } from "../parts/empty.tsx";
import { PagedList } from "../parts/paged-list.tsx";
import { RowSkeleton } from "../parts/skeleton.tsx";
import { TabLinks } from "../parts/tab-links.tsx";
import { Ago } from "../parts/time.tsx";
import { askPages, type ItemOf } from "../shell/house.ts";
import { useShortcuts } from "../shell/keyboard.ts";
import { mayModerate } from "../shell/nav.tsx";
import { NeedMe } from "../shell/need-me.tsx";
import { PageHeader } from "../shell/page-header.tsx";
import { AppealCard } from "./appeal-card.tsx";
import { CasePane } from "./case-pane.tsx";
import { KIND_WORDS, reportedAs } from "./words.ts";

type Tab = "open" | "appeals" | "closed";
const TABS: readonly { id: Tab; label: string }[] = [
  { id: "open", label: "Waiting" },
  { id: "appeals", label: "Appeals" },
  { id: "closed", label: "Closed" },
];
const FROM = "/moderation";
const rows = [0, 1, 2, 3].map((at) => <RowSkeleton key={at} />);

/** The queue of the house, or of a space: the list on the left, one case beside it; on a phone one after the other. */
export const ModerationScreen = () => <NeedMe>{(me) => <Desk me={me} />}</NeedMe>;

function Desk({ me }: { me: Me }) {
  const { tab = "open", id, space } = useSearch({ from: FROM });
  const navigate = useNavigate();
  const open = (case_id: string | undefined, replace = false) =>
    void navigate({ to: FROM, search: { tab, space, id: case_id }, replace, resetScroll: case_id === undefined });
  return (
    <div className="mx-auto max-w-6xl">
      <div className={id === undefined ? "" : "max-lg:hidden"}>
        <PageHeader
          title="Moderation"
          detail={
            space !== undefined
              ? "What stands in your space"
              : mayModerate(me)
                ? "What people told the house"
                : "What stands in your spaces"
          }
          back
        />
        <TabLinks
          label="Moderation"
          tabs={TABS.map((one) => ({
            to: FROM,
            search: { tab: one.id, ...(space === undefined ? {} : { space }) },
            label: one.label,
            on: tab === one.id,
          }))}
        />
      </div>
      {tab === "appeals" ? (
        <Appeals space={space} />
      ) : (
        <div className="gap-5 lg:grid lg:grid-cols-[minmax(0,22rem)_minmax(0,1fr)]">
          <div
            className={cx(
              "lg:sticky lg:top-16 lg:max-h-[calc(100dvh-5rem)] lg:self-start lg:overflow-y-auto",
              id !== undefined && "max-lg:hidden",
            )}
          >
            <Queue key={tab} state={tab} space={space} chosen={id} open={open} />
          </div>
          <div className={id === undefined ? "max-lg:hidden" : ""}>
            {id === undefined ? (
              <div className="rounded-2xl border border-dashed border-line py-6">
                <Empty icon={<Scale />} title="Choose a case">
                  With the keys: j and k walk through the list, Enter opens.
                </Empty>
              </div>
            ) : (
              <CasePane key={id} id={id} close={() => open(undefined)} />
            )}
          </div>
        </div>
      )}
    </div>
  );
}

function Queue({
  state,
  space,
  chosen,
  open,
}: {
  state: "open" | "closed";
  space: string | undefined;
  chosen: string | undefined;
  open: (id: string) => void;
}) {
  const pages = useInfiniteQuery(
    askPages(listCases, { query: { state, ...(space === undefined ? {} : { space_id: space }) } }),
  );
  const walk = (step: 1 | -1) => {
    const all = [...document.querySelectorAll<HTMLElement>("[data-case]")];
    const at = all.findIndex((one) => one.dataset.case === (document.activeElement as HTMLElement)?.dataset.case);
    const from = at === -1 ? all.findIndex((one) => one.dataset.case === chosen) : at;
    const next = all[Math.min(all.length - 1, Math.max(0, from + step))];
    next?.focus();
    if (next && chosen !== undefined) open(next.dataset.case!);
  };
  useShortcuts([
    { keys: "j", label: "Next case", group: "Moderation", run: () => walk(1) },
    { keys: "k", label: "Previous case", group: "Moderation", run: () => walk(-1) },
  ]);
  return (
    <PagedList<ModerationCase>
      pages={pages}
      what="cases"
      keyOf={(one) => one.id}
      className="divide-y divide-line overflow-hidden border-line bg-surface max-sm:border-y sm:rounded-2xl sm:border"
      skeleton={rows}
      empty={
        <div className="border-line bg-surface max-sm:border-y sm:rounded-2xl sm:border">
          <Empty icon={<Inbox />} title={state === "open" ? "Nothing waits" : "Nothing was closed yet"}>
            {state === "open"
              ? "When somebody reports something, it stands here, the longest waiting first."
              : undefined}
          </Empty>
        </div>
      }
      end={null}
    >
      {(one) => (
        <div role="listitem">
          <button
            type="button"
            data-case={one.id}
            aria-current={chosen === one.id || undefined}
            onClick={() => open(one.id)}
            className={cx(
              "block w-full px-4 py-3.5 text-left transition-colors hover:bg-sunken focus-visible:-outline-offset-2",
              chosen === one.id && "bg-sunken",
            )}
          >
            <span className="flex items-baseline justify-between gap-3">
              <span className="truncate text-sm font-bold">
                {KIND_WORDS[one.subject.kind]}
                {one.person && <span className="font-normal text-ink-3"> by @{one.person.handle}</span>}
              </span>
              <Ago at={one.opened_at} className="shrink-0 text-xs text-ink-3" />
            </span>
            <span className="mt-0.5 line-clamp-2 block text-sm text-ink-2">
              {one.snapshot?.text || one.snapshot?.title || one.snapshot?.display_name || "No words"}
            </span>
            <span className="mt-1.5 flex flex-wrap items-center gap-1.5 text-xs">
              <span className="font-semibold text-accent-ink">{reportedAs(one)}</span>
              {one.space && <span className="rounded-md bg-sunken px-1.5 py-0.5 font-medium">{one.space.name}</span>}
              {one.claimed_by && (
                <span className="rounded-md bg-warn-tint px-1.5 py-0.5 font-semibold text-warn">
                  @{one.claimed_by.handle} has it
                </span>
              )}
              {one.outcome && (
                <span className="rounded-md bg-sunken px-1.5 py-0.5 font-medium">
                  {one.outcome === "acted" ? "Acted" : "Nothing to be done"}
                </span>
              )}
            </span>
          </button>
        </div>
      )}
    </PagedList>
  );
}

function Appeals({ space }: { space: string | undefined }) {
  const pages = useInfiniteQuery(askPages(listAppeals, { query: space === undefined ? {} : { space_id: space } }));
  return (
    <PagedList<ItemOf<typeof listAppeals>>
      pages={pages}
      what="appeals"
      keyOf={(one) => one.appeal.id}
      className="mx-auto max-w-3xl space-y-3 px-4 pt-3 sm:px-0 sm:pt-0"
      skeleton={rows}
      empty={
        <Empty icon={<Scale />} title="No appeal waits">
          Who was moderated can ask for another look within 30 days.
        </Empty>
      }
      end={null}
    >
      {(one) => <AppealCard waiting={one} />}
    </PagedList>
  );
}
