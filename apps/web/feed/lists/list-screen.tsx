import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { Ellipsis, HousePlus, PencilLine, Trash2, UserPlus, UsersRound } from "lucide-react";
import { lazy, Suspense, useMemo, useState } from "react";

import { getList, patchList, type PeopleList } from "#systems/feed/contract.ts";

import { Button, IconButton } from "../../parts/button.tsx";
import { Empty, Failed } from "../../parts/empty.tsx";
import { LazyMenu } from "../../parts/lazy-menu.tsx";
import { plural } from "../../parts/numbers.ts";
import { PostSkeleton, Skeleton } from "../../parts/skeleton.tsx";
import { ask, call } from "../../shell/house.ts";
import { NeedMe } from "../../shell/need-me.tsx";
import { say, sorry } from "../../shell/toasts.ts";
import { HomeFrame } from "../home-tabs.tsx";
import { POST_GAP } from "../post-list.tsx";
import { TimelineList } from "../timeline/timeline-list.tsx";
import { listTimeline } from "../timeline/use-timeline.ts";
import { listsChanged, removeList } from "./changes.ts";

const ListForm = lazy(() => import("./list-form.tsx"));
const PeopleSheet = lazy(() => import("./people-sheet.tsx"));

/** What the people of one list put before their followers. */
export function ListScreen() {
  const { id } = useParams({ from: "/lists/$id" });
  return <NeedMe>{() => <Asked key={id} id={id} />}</NeedMe>;
}

function Asked({ id }: { id: string }) {
  const asked = useQuery(ask(getList, { params: { id } }));
  return (
    <HomeFrame on={id} title={asked.data?.name ?? "List"}>
      {asked.isPending ? (
        <div className={POST_GAP}>
          <Skeleton className="mx-4 mb-3 h-6 w-40 sm:mx-1" />
          <PostSkeleton />
          <PostSkeleton />
        </div>
      ) : asked.isError ? (
        <Failed error={asked.error} title="No such list" retry={() => void asked.refetch()} />
      ) : (
        <Shown list={asked.data} />
      )}
    </HomeFrame>
  );
}

function Shown({ list }: { list: PeopleList }) {
  const navigate = useNavigate();
  const [open, setOpen] = useState<"people" | "form" | null>(null);
  const timeline = useMemo(() => listTimeline(list.id), [list.id]);
  const setOutOfHome = async (out_of_home: boolean) => {
    await call(patchList, { params: { id: list.id }, body: { out_of_home } });
    await listsChanged(list.id);
    say(out_of_home ? "They stand only here now." : "They stand in home again.", () => setOutOfHome(!out_of_home));
  };
  const add = (
    <Button onClick={() => setOpen("people")}>
      <UserPlus className="size-4.5" /> Add people
    </Button>
  );
  return (
    <>
      <div className="flex items-center gap-1 px-4 pb-2 sm:px-1">
        <button
          type="button"
          onClick={() => setOpen("people")}
          className="flex min-h-11 min-w-0 items-center gap-2 rounded-full pr-3 text-sm text-ink-2 hover:underline"
        >
          <UsersRound className="size-4.5 shrink-0" aria-hidden="true" />
          <span className="truncate">
            {plural(list.people_count, "person", "people")}
            {list.out_of_home && " · kept out of home"}
          </span>
        </button>
        <span className="flex-1" />
        <IconButton label="Add people" onClick={() => setOpen("people")}>
          <UserPlus className="size-5" />
        </IconButton>
        <LazyMenu
          entries={() => [
            {
              label: "Keep out of home",
              detail: "You read them here, and your home stays calm",
              icon: <HousePlus />,
              checked: list.out_of_home,
              run: () => void setOutOfHome(!list.out_of_home).catch(sorry),
            },
            { label: "Rename", icon: <PencilLine />, run: () => setOpen("form") },
            "line",
            {
              label: "Delete the list",
              icon: <Trash2 />,
              danger: true,
              run: () => void removeList(list).then(() => navigate({ to: "/lists" })),
            },
          ]}
          trigger={
            <IconButton label="More about this list">
              <Ellipsis className="size-5" />
            </IconButton>
          }
        />
      </div>
      <TimelineList
        timeline={timeline}
        empty={
          list.people_count === 0 ? (
            <Empty icon={<UserPlus />} title="Nobody is in it yet" action={add}>
              Put people in whom you want to read together. You need not follow them.
            </Empty>
          ) : (
            <Empty icon={<UsersRound />} title="Nothing yet" action={add}>
              What these people write, and what you may see of it, will stand here.
            </Empty>
          )
        }
      />
      <Suspense fallback={null}>
        {open === "people" && <PeopleSheet list={list} close={() => setOpen(null)} />}
        {open === "form" && <ListForm list={list} close={() => setOpen(null)} />}
      </Suspense>
    </>
  );
}
