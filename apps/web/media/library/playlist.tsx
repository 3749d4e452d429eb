import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { Ellipsis, Link2, PencilLine, Play, Shuffle, Trash2 } from "lucide-react";
import { lazy, Suspense, useState } from "react";

import { type Collection, deleteCollection, getCollection, getCollectionOrder } from "#systems/media/contract.ts";

import { copyLink } from "../../feed/post-menu.tsx";
import { Avatar } from "../../parts/avatar.tsx";
import { buttonClass, IconButton } from "../../parts/button.tsx";
import { Failed } from "../../parts/empty.tsx";
import { LazyMenu } from "../../parts/lazy-menu.tsx";
import { plural } from "../../parts/numbers.ts";
import { Loading, Skeleton } from "../../parts/skeleton.tsx";
import { clockOf } from "../../parts/time.tsx";
import { ask, call } from "../../shell/house.ts";
import { PageHeader } from "../../shell/page-header.tsx";
import { say, sorry } from "../../shell/toasts.ts";
import { AudienceMark } from "./audience.tsx";
import { Cover } from "./playlist-card.tsx";
import { PlaylistItems } from "./playlist-items.tsx";
import { newSeed, shuffled } from "./queue.ts";
import { playlistsChanged } from "./saving.ts";
import { RowsSkeleton } from "./video-row.tsx";

const PlaylistForm = lazy(() => import("./playlist-form.tsx"));
const Confirm = lazy(async () => ({ default: (await import("../../parts/dialog.tsx")).Confirm }));

export function PlaylistScreen() {
  const { id } = useParams({ from: "/playlists/$id" });
  const asked = useQuery(ask(getCollection, { params: { collection_id: id } }));
  return (
    <>
      <PageHeader title={asked.data?.title ?? "Playlist"} back>
        {asked.data && <PlaylistMenu list={asked.data} />}
      </PageHeader>
      {asked.isPending ? (
        <>
          <Loading what="the playlist" />
          <div className="flex gap-5 p-4 max-sm:flex-col sm:px-1">
            <Skeleton className="aspect-video rounded-xl sm:w-72" />
            <div className="flex-1 space-y-3">
              <Skeleton className="h-7 w-2/3" />
              <Skeleton className="h-4 w-40" />
              <Skeleton className="h-11 w-44 rounded-full" />
            </div>
          </div>
          <RowsSkeleton />
        </>
      ) : asked.isError ? (
        <Failed error={asked.error} retry={() => void asked.refetch()} title="This playlist is not here" />
      ) : (
        <div key={asked.data.id}>
          <Head list={asked.data} />
          <PlaylistItems list={asked.data} />
        </div>
      )}
    </>
  );
}

function Head({ list }: { list: Collection }) {
  const order = useQuery({
    ...ask(getCollectionOrder, { params: { collection_id: list.id } }),
    enabled: list.video_count > 0,
  });
  const first = order.data?.video_ids[0];
  const [seed] = useState(newSeed);
  const begin = order.data && shuffled(order.data.video_ids, seed)[0];
  const { owner } = list;
  return (
    <section className="flex gap-5 px-4 pt-4 pb-5 max-sm:flex-col sm:px-1">
      <Cover list={list} className="max-sm:-mx-4 max-sm:rounded-none sm:w-72 sm:shrink-0 sm:self-start" />
      <div className="min-w-0 flex-1">
        <h2 className="text-xl font-extrabold tracking-tight text-balance">{list.title}</h2>
        <p className="mt-1.5 flex flex-wrap items-center gap-x-4 gap-y-1 text-sm text-ink-3">
          <Link
            to="/@{$handle}"
            params={{ handle: owner.handle }}
            className="inline-flex min-h-6 items-center gap-2 font-semibold text-ink-2 hover:underline"
          >
            <Avatar person={owner} size="xs" /> {owner.display_name}
          </Link>
          <span>
            {plural(list.video_count, "film")}
            {list.duration_ms > 0 && `, ${clockOf(list.duration_ms)}`}
          </span>
          <AudienceMark audience={list.audience} words />
        </p>
        {list.description !== "" && <p className="mt-3 text-sm whitespace-pre-wrap text-ink-2">{list.description}</p>}
        {first !== undefined && begin !== undefined && (
          <div className="mt-4 flex gap-2">
            <Link
              to="/watch/$id"
              params={{ id: first }}
              search={{ list: list.id }}
              className={buttonClass("primary", "md", "max-sm:flex-1")}
            >
              <Play className="size-4.5 fill-current" aria-hidden="true" /> Play all
            </Link>
            <Link
              to="/watch/$id"
              params={{ id: begin }}
              search={{ list: list.id, shuffle: seed }}
              className={buttonClass("soft", "md", "max-sm:flex-1")}
            >
              <Shuffle className="size-4.5" aria-hidden="true" /> Shuffle
            </Link>
          </div>
        )}
      </div>
    </section>
  );
}

function PlaylistMenu({ list }: { list: Collection }) {
  const navigate = useNavigate();
  const [open, setOpen] = useState<"edit" | "delete" | null>(null);
  const own = list.may_edit && list.kind === "playlist";
  if (list.kind === "watch_later") return null;
  return (
    <>
      <LazyMenu
        entries={() => [
          { label: "Copy link", icon: <Link2 />, run: () => void copyLink(`/playlists/${list.id}`).catch(sorry) },
          ...(own
            ? ([
                { label: "Change", icon: <PencilLine />, run: () => setOpen("edit") },
                "line",
                { label: "Delete", icon: <Trash2 />, danger: true, run: () => setOpen("delete") },
              ] as const)
            : []),
        ]}
        trigger={
          <IconButton label="More about this playlist" className="-mr-2.5">
            <Ellipsis className="size-5" />
          </IconButton>
        }
      />
      <Suspense fallback={null}>
        {open === "edit" && <PlaylistForm list={list} close={() => setOpen(null)} />}
        {open === "delete" && (
          <Confirm
            open
            onOpenChange={(now) => !now && setOpen(null)}
            title={`Delete “${list.title}”?`}
            action="Delete"
            onConfirm={() => {
              setOpen(null);
              void call(deleteCollection, { params: { collection_id: list.id } })
                .then(async () => {
                  say("The playlist is deleted.");
                  await navigate({ to: "/videos", replace: true });
                  await playlistsChanged();
                })
                .catch(sorry);
            }}
          >
            The films in it stay where they are. The order cannot be brought back.
          </Confirm>
        )}
      </Suspense>
    </>
  );
}
