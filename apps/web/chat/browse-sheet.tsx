import { useInfiniteQuery } from "@tanstack/react-query";

import { spacesRoutes } from "#systems/spaces/contract.ts";

import { Sheet } from "../parts/dialog.tsx";
import { Empty, Failed } from "../parts/empty.tsx";
import { RowSkeleton } from "../parts/skeleton.tsx";
import { askPages } from "../shell/house.ts";
import { SpaceChannels } from "./space-channels.tsx";

/** The channels of one's spaces, to look at, join and open. */
export default function BrowseSheet({ close }: { me: { id: string }; close: () => void }) {
  const spaces = useInfiniteQuery(askPages(spacesRoutes.mySpaces, { query: { limit: 100 } }));
  const mine = spaces.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Sheet open onOpenChange={(open) => !open && close()} title="Channels of your spaces" tall>
      {spaces.isPending && <RowSkeleton />}
      {spaces.isError && <Failed error={spaces.error} retry={() => void spaces.refetch()} />}
      {spaces.isSuccess && mine.length === 0 && (
        <Empty title="You are in no space yet">Channels stand in spaces. Join one, or open your own.</Empty>
      )}
      {mine.map((space) => (
        <div key={space.id} className="px-4 pb-4">
          <SpaceChannels
            slug={space.slug}
            name={space.name}
            moderates={space.role !== null && space.role !== "member"}
            leave={close}
          />
        </div>
      ))}
    </Sheet>
  );
}
