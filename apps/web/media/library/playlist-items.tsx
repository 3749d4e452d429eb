import { useInfiniteQuery } from "@tanstack/react-query";
import { ArrowDownToLine, ArrowUpToLine, GripVertical, ListVideo, ListX } from "lucide-react";
import { useCallback, useMemo, useState } from "react";

import {
  type Collection,
  type CollectionItem,
  getCollectionOrder,
  listCollectionItems,
  moveInCollection,
} from "#systems/media/contract.ts";

import { cx } from "../../parts/class.ts";
import { Empty, End } from "../../parts/empty.tsx";
import type { MenuEntry } from "../../parts/menu-entry.ts";
import { plural } from "../../parts/numbers.ts";
import { PagedList } from "../../parts/paged-list.tsx";
import { askPages, call, queries } from "../../shell/house.ts";
import { say, sorry } from "../../shell/toasts.ts";
import { behind, moved, withItems } from "./arrange.ts";
import { playlistsChanged, put, take } from "./saving.ts";
import { useArranging } from "./use-arranging.ts";
import { VideoMenu } from "./video-menu.tsx";
import { RowsSkeleton, VideoRow } from "./video-row.tsx";

/** The films of a playlist. Its owner drags them by their handles, or moves them with the arrow keys on those. */
export function PlaylistItems({ list }: { list: Collection }) {
  const asked = useMemo(
    () => askPages(listCollectionItems, { params: { collection_id: list.id }, query: { limit: 50 } }),
    [list.id],
  );
  const pages = useInfiniteQuery(asked);
  const items = useMemo(() => pages.data?.pages.flatMap((page) => page.items) ?? [], [pages.data]);
  const ids = useMemo(() => items.map((item) => item.video.id), [items]);
  const [told, setTold] = useState("");

  const edit = useCallback(
    (change: (items: CollectionItem[]) => CollectionItem[]) => {
      void queries.cancelQueries({ queryKey: asked.queryKey });
      queries.setQueryData(asked.queryKey, (data) => data && withItems(data, change));
    },
    [asked],
  );
  /** Whatever was refused, the house knows best how the list stands. */
  const wrong = useCallback(
    (error: unknown) => {
      sorry(error);
      void queries.invalidateQueries({ queryKey: asked.queryKey });
    },
    [asked],
  );
  const place = useCallback(
    (id: string, order: string[]) => {
      const at = order.indexOf(id);
      edit((before) => {
        const known = new Map(before.map((item) => [item.video.id, item]));
        return order.flatMap((one) => known.get(one) ?? []);
      });
      setTold(`Number ${at + 1} of ${list.video_count} now.`);
      const params = { collection_id: list.id, video_id: id };
      void call(moveInCollection, { params, body: { after: behind(order, at) } }).catch(wrong);
    },
    [edit, wrong, list.id, list.video_count],
  );
  const arranging = useArranging(ids, place);
  const shown = arranging.order ?? ids;

  const toEnd = async (id: string) => {
    const { video_ids } = await call(getCollectionOrder, { params: { collection_id: list.id } });
    const last = video_ids.findLast((one) => one !== id);
    if (last === undefined) return;
    await call(moveInCollection, { params: { collection_id: list.id, video_id: id }, body: { after: last } });
    edit((before) => {
      const at = before.findIndex((item) => item.video.id === id);
      return pages.hasNextPage ? before.filter((_, i) => i !== at) : moved(before, at, before.length - 1);
    });
  };
  const remove = (id: string) => {
    const after = behind(ids, ids.indexOf(id));
    edit((before) => before.filter((item) => item.video.id !== id));
    void take(list.id, id).then(() => {
      void playlistsChanged();
      say("Taken out of the playlist.", async () => {
        await put(list.id, id, after);
        await playlistsChanged();
      });
    }, wrong);
  };
  const entriesFor = (id: string): MenuEntry[] => {
    if (!list.may_edit) return [];
    const at = ids.indexOf(id);
    return [
      {
        label: "Move to the top",
        icon: <ArrowUpToLine />,
        disabled: at === 0,
        run: () => place(id, moved(ids, at, 0)),
      },
      { label: "Move to the end", icon: <ArrowDownToLine />, run: () => void toEnd(id).catch(wrong) },
      { label: "Take out", icon: <ListX />, danger: true, run: () => remove(id) },
    ];
  };
  const byId = new Map(items.map((item) => [item.video.id, item]));
  const ordered = pages.data && {
    ...pages,
    data: withItems(pages.data, () => shown.flatMap((id) => byId.get(id) ?? [])),
  };
  return (
    <div data-arranged="">
      <p role="status" className="sr-only">
        {told}
      </p>
      <PagedList<CollectionItem>
        pages={(ordered ?? pages) as typeof pages}
        what={`films of ${list.title}`}
        keyOf={({ video }) => video.id}
        skeleton={<RowsSkeleton />}
        empty={
          <Empty icon={<ListVideo />} title={list.kind === "watch_later" ? "Nothing for later" : "No films in it yet"}>
            {list.may_edit
              ? "On any film, “Save to a playlist” puts it here."
              : "There is nothing in it that you may see."}
          </Empty>
        }
        end={<End>{plural(list.video_count, "film")}. That is all of it.</End>}
      >
        {({ video }, at) => (
          <div
            role="listitem"
            data-arrange={video.id}
            className={cx(
              arranging.carried === video.id && "relative z-10 rounded-2xl bg-raised shadow-2",
              arranging.carried !== null && arranging.carried !== video.id && "opacity-75",
            )}
          >
            <VideoRow
              video={video}
              search={{ list: list.id }}
              className={list.may_edit ? "pl-1 sm:pl-0" : ""}
              before={
                list.may_edit ? (
                  <button
                    type="button"
                    aria-label={`Move ${video.title}, number ${at + 1}. Arrow keys move it.`}
                    className="relative z-1 -mr-2 grid h-16 w-9 shrink-0 cursor-grab touch-none place-items-center rounded-lg text-ink-3 hover:text-ink active:cursor-grabbing"
                    {...arranging.handle(video.id)}
                  >
                    <GripVertical className="size-5" aria-hidden="true" />
                  </button>
                ) : (
                  <span aria-hidden="true" className="w-5 shrink-0 text-center text-sm text-ink-3 tabular-nums">
                    {at + 1}
                  </span>
                )
              }
              menu={<VideoMenu video={video} more={entriesFor(video.id)} />}
            />
          </div>
        )}
      </PagedList>
    </div>
  );
}
