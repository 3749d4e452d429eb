import { useInfiniteQuery } from "@tanstack/react-query";
import { ChartBarBig, FileText, Image, Quote, Trash2, TriangleAlert, Video } from "lucide-react";
import { type ReactNode, useState } from "react";

import { createDraft, deleteDraft, type Draft, listDrafts } from "#systems/feed/contract.ts";

import { Sheet } from "../../parts/dialog.tsx";
import { Empty } from "../../parts/empty.tsx";
import { PagedList } from "../../parts/paged-list.tsx";
import { Skeleton } from "../../parts/skeleton.tsx";
import { Ago } from "../../parts/time.tsx";
import { askPages, call, queries } from "../../shell/house.ts";
import { say, sorry } from "../../shell/toasts.ts";
import { useDraft } from "../draft.ts";
import { openDraft } from "../open-draft.ts";

export const DraftsSkeleton = () => (
  <div className="grid gap-2 py-1">
    {[1, 2, 3].map((n) => (
      <Skeleton key={n} className="h-18 rounded-2xl" />
    ))}
  </div>
);

/** What is being written, on all devices. The one in the composer is marked. */
export default function DraftsSheet({ close }: { close: () => void }) {
  const pages = useInfiniteQuery(askPages(listDrafts));
  const now = useDraft().kept?.id;
  const [opening, setOpening] = useState<string | null>(null);

  const open = async (draft: Draft) => {
    if (draft.id === now) return close();
    setOpening(draft.id);
    try {
      await openDraft(draft);
      close();
    } catch (error) {
      sorry(error);
      setOpening(null);
    }
  };
  const remove = async (draft: Draft) => {
    try {
      await call(deleteDraft, { params: { id: draft.id } });
      await queries.invalidateQueries({ queryKey: ["/v1/drafts"] });
      say("Draft thrown away.", async () => {
        await call(createDraft, { body: draft.content });
        await queries.invalidateQueries({ queryKey: ["/v1/drafts"] });
      });
    } catch (error) {
      sorry(error);
    }
  };
  return (
    <Sheet open onOpenChange={(is) => !is && close()} title="Drafts" over>
      <div className="px-4 pt-1 pb-4">
        <PagedList
          pages={pages}
          what="drafts"
          keyOf={(draft) => draft.id}
          className="grid gap-2"
          skeleton={<DraftsSkeleton />}
          empty={
            <Empty icon={<FileText />} title="No drafts">
              What you write is kept by itself, here and on your other devices, until you post it.
            </Empty>
          }
          end={null}
        >
          {(draft) => (
            <div
              role="listitem"
              className="flex items-center gap-1 rounded-2xl border border-line bg-raised pr-1 has-[button:hover]:border-line-strong/50"
            >
              <button
                type="button"
                disabled={opening !== null}
                onClick={() => void open(draft)}
                className="min-w-0 flex-1 rounded-2xl px-4 py-3 text-left disabled:opacity-60"
              >
                <Excerpt text={draft.content.text} />
                {draft.failed && (
                  <span className="mt-1 flex items-start gap-1.5 text-xs font-medium text-bad">
                    <TriangleAlert className="mt-px size-3.5 shrink-0" aria-hidden="true" />
                    <span>It was not published: {draft.failed.detail}</span>
                  </span>
                )}
                <span className="mt-1 flex flex-wrap items-center gap-x-3 text-xs text-ink-3">
                  {draft.id === now ? (
                    <span className="font-semibold text-accent-ink">You are at this one</span>
                  ) : (
                    <Ago at={draft.updated_at} />
                  )}
                  <Signs content={draft.content} />
                </span>
              </button>
              <button
                type="button"
                aria-label={`Throw away the draft ${draft.content.text.slice(0, 40)}`}
                disabled={draft.id === now}
                onClick={() => void remove(draft)}
                className="grid size-11 shrink-0 place-items-center rounded-full text-ink-3 hover:bg-sunken hover:text-bad disabled:invisible"
              >
                <Trash2 className="size-4.5" aria-hidden="true" />
              </button>
            </div>
          )}
        </PagedList>
      </div>
    </Sheet>
  );
}

export const Excerpt = ({ text }: { text: string }) => (
  <span dir="auto" className="line-clamp-2 text-sm font-medium wrap-anywhere">
    {text === "" ? <span className="text-ink-3">Without words</span> : text}
  </span>
);

/** What it holds beside words, as small signs with their names. */
export function Signs({
  content,
}: {
  content: {
    video_id?: string | null | undefined;
    image_ids?: readonly string[] | null | undefined;
    poll?: unknown;
    quote_id?: string | null | undefined;
    content_warning?: string | null | undefined;
  };
}) {
  const images = content.image_ids?.length ?? 0;
  const sign = (name: string, icon: ReactNode) => (
    <span key={name} className="inline-flex items-center gap-1 [&_svg]:size-3.5">
      {icon}
      {name}
    </span>
  );
  return (
    <>
      {content.video_id && sign("Video", <Video aria-hidden="true" />)}
      {images > 0 && sign(images === 1 ? "Picture" : `${images} pictures`, <Image aria-hidden="true" />)}
      {!!content.poll && sign("Poll", <ChartBarBig aria-hidden="true" />)}
      {content.quote_id && sign("Quote", <Quote aria-hidden="true" />)}
      {content.content_warning && sign("Warning", <TriangleAlert aria-hidden="true" />)}
    </>
  );
}
