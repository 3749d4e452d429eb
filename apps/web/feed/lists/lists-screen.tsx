import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Ellipsis, List, PencilLine, Plus, Trash2 } from "lucide-react";
import { lazy, Suspense, useState } from "react";

import { listLists, type PeopleList } from "#systems/feed/contract.ts";

import { Button, IconButton } from "../../parts/button.tsx";
import { Empty, Failed } from "../../parts/empty.tsx";
import { LazyMenu } from "../../parts/lazy-menu.tsx";
import { plural } from "../../parts/numbers.ts";
import { Loading, RowSkeleton } from "../../parts/skeleton.tsx";
import { ask } from "../../shell/house.ts";
import { NeedMe } from "../../shell/need-me.tsx";
import { PageHeader } from "../../shell/page-header.tsx";
import { removeList } from "./changes.ts";

const ListForm = lazy(() => import("./list-form.tsx"));

/** All lists of the viewer, with what can be done to each. */
export function ListsScreen() {
  const [form, setForm] = useState<PeopleList | "new" | null>(null);
  return (
    <>
      <PageHeader title="Lists" detail="Only you see these" back>
        <Button size="sm" onClick={() => setForm("new")}>
          <Plus className="size-4.5" /> New
        </Button>
      </PageHeader>
      <NeedMe>{() => <Mine edit={setForm} />}</NeedMe>
      <Suspense fallback={null}>
        {form !== null && <ListForm {...(form === "new" ? {} : { list: form })} close={() => setForm(null)} />}
      </Suspense>
    </>
  );
}

function Mine({ edit }: { edit: (list: PeopleList | "new") => void }) {
  const asked = useQuery(ask(listLists));
  if (asked.isPending) {
    return (
      <div className="pt-3">
        <Loading what="your lists" />
        <RowSkeleton />
        <RowSkeleton />
        <RowSkeleton />
      </div>
    );
  }
  if (asked.isError) return <Failed error={asked.error} retry={() => void asked.refetch()} />;
  if (asked.data.items.length === 0) {
    return (
      <Empty icon={<List />} title="No lists yet" action={<Button onClick={() => edit("new")}>Make a list</Button>}>
        A list is a timeline of people that you choose. You need not follow them, they do not learn of it, and they can
        be kept out of home.
      </Empty>
    );
  }
  return (
    <ul className="mt-2 border-line bg-surface py-1 max-sm:border-y sm:mt-3 sm:rounded-2xl sm:border">
      {asked.data.items.map((list) => (
        <li key={list.id} className="flex items-center gap-1 pr-2 hover:bg-sunken">
          <Link
            to="/lists/$id"
            params={{ id: list.id }}
            className="flex min-h-16 min-w-0 flex-1 items-center gap-4 px-4 py-2 sm:px-5"
          >
            <span className="grid size-11 shrink-0 place-items-center rounded-full bg-accent-tint text-accent-ink">
              <List className="size-5" aria-hidden="true" />
            </span>
            <span className="min-w-0">
              <span className="block truncate font-semibold">{list.name}</span>
              <span className="block text-xs text-ink-3">
                {plural(list.people_count, "person", "people")}
                {list.out_of_home && " · kept out of home"}
              </span>
            </span>
          </Link>
          <LazyMenu
            entries={() => [
              { label: "Change", icon: <PencilLine />, run: () => edit(list) },
              "line",
              { label: "Delete", icon: <Trash2 />, danger: true, run: () => void removeList(list) },
            ]}
            trigger={
              <IconButton label={`More about ${list.name}`}>
                <Ellipsis className="size-5" />
              </IconButton>
            }
          />
        </li>
      ))}
    </ul>
  );
}
