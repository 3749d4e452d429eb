import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Lock, Plus, Search, UsersRound } from "lucide-react";
import { lazy, Suspense, useDeferredValue, useState } from "react";

import { type SpaceListed, spacesRoutes } from "#systems/spaces/contract.ts";

import { Button } from "../parts/button.tsx";
import { Empty } from "../parts/empty.tsx";
import { plural } from "../parts/numbers.ts";
import { PagedList } from "../parts/paged-list.tsx";
import { Skeleton } from "../parts/skeleton.tsx";
import { askPages } from "../shell/house.ts";
import { PageHeader } from "../shell/page-header.tsx";
import { useMe } from "../shell/session.ts";
import { SpaceMark } from "./space-mark.tsx";

const CreateSpace = lazy(() => import("./create-space.tsx"));

export function SpacesScreen() {
  const me = useMe();
  const [text, setText] = useState("");
  const q = useDeferredValue(text.trim());
  const [creating, setCreating] = useState(false);
  const all = useInfiniteQuery(askPages(spacesRoutes.listSpaces, { query: q === "" ? {} : { q } }));
  return (
    <>
      <PageHeader title="Spaces" detail="Rooms of the house, each with its own people">
        {me && (
          <Button size="sm" onClick={() => setCreating(true)}>
            <Plus className="size-4.5" /> Open one
          </Button>
        )}
      </PageHeader>
      <label className="mx-4 my-3 flex h-12 items-center gap-3 rounded-full bg-sunken px-5 focus-within:outline-2 focus-within:outline-accent-ink sm:mx-0">
        <Search className="size-5 text-ink-3" aria-hidden="true" />
        <span className="sr-only">Find a space</span>
        <input
          value={text}
          onChange={(event) => setText(event.target.value)}
          maxLength={60}
          placeholder="Find a space"
          className="min-w-0 flex-1 bg-transparent text-base outline-none"
        />
      </label>
      <PagedList<SpaceListed>
        pages={all}
        what="spaces"
        keyOf={(space) => space.id}
        className="grid gap-2 px-4 sm:grid-cols-2 sm:gap-3 sm:px-0"
        skeleton={[0, 1, 2, 3].map((at) => (
          <Skeleton key={at} className="h-40 rounded-2xl" />
        ))}
        empty={
          q === "" ? (
            <Empty
              icon={<UsersRound />}
              title="No spaces yet"
              action={me && <Button onClick={() => setCreating(true)}>Open the first one</Button>}
            >
              A space is a room of its own: for a choir, a street, a project.
            </Empty>
          ) : (
            <Empty icon={<Search />} title="No such space">
              Nothing here is called “{q}”.
            </Empty>
          )
        }
      >
        {(space) => <SpaceCard space={space} />}
      </PagedList>
      <Suspense fallback={null}>{creating && <CreateSpace close={() => setCreating(false)} />}</Suspense>
    </>
  );
}

function SpaceCard({ space }: { space: SpaceListed }) {
  return (
    <div
      role="listitem"
      className="relative flex flex-col sm:min-h-40 rounded-2xl border border-line bg-surface p-4 transition-colors hover:border-line-strong/40 focus-within:outline-2 focus-within:outline-accent-ink"
    >
      <div className="flex items-center gap-3">
        <SpaceMark space={space} />
        <div className="min-w-0">
          <Link
            to="/s/$slug"
            params={{ slug: space.slug }}
            className="block truncate leading-5 font-bold outline-none after:absolute after:inset-0"
          >
            {space.name}
          </Link>
          <p className="flex items-center gap-1 truncate text-xs text-ink-3">
            {space.visibility === "private" && <Lock className="size-3.5" aria-label="Private" />}
            {plural(space.members, "member")}
          </p>
        </div>
      </div>
      <p className="mt-3 line-clamp-2 text-sm text-ink-2">{space.description}</p>
      {space.role !== null && (
        <span className="mt-3 self-start sm:mt-auto rounded-md bg-accent-tint px-2 py-0.5 text-xs font-semibold text-accent-ink capitalize">
          {space.role}
        </span>
      )}
    </div>
  );
}
