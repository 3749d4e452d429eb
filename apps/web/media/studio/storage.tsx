import { useQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";

import { getMyStorage, getSpaceStorage } from "#systems/media/contract.ts";

import { Failed } from "../../parts/empty.tsx";
import { bytesOf } from "../../parts/numbers.ts";
import { Loading, Skeleton } from "../../parts/skeleton.tsx";
import { Panel } from "../../people/sections.tsx";
import { ask } from "../../shell/house.ts";
import { NeedMe } from "../../shell/need-me.tsx";
import { PageHeader } from "../../shell/page-header.tsx";
import { percentOf } from "./charts/scale.ts";
import { HeldBar, HeldList, LargestFilms } from "./held.tsx";
import { StudioTabs } from "./tabs.tsx";

/** What one's films and pictures take, or what stands in a space takes. */
export function StorageScreen() {
  const { space } = useSearch({ from: "/studio/storage" });
  return (
    <>
      <PageHeader
        title={space === undefined ? "Studio" : "Storage of the space"}
        documentTitle="Storage"
        detail={space === undefined ? "What your films and pictures take" : "What stands in it takes"}
        back={space !== undefined}
      />
      {space === undefined && <StudioTabs on="storage" />}
      <NeedMe>{() => (space === undefined ? <Mine /> : <OfSpace space_id={space} />)}</NeedMe>
    </>
  );
}

const Mine = () => <Shown asked={useQuery({ ...ask(getMyStorage), staleTime: 5_000 })} own />;
const OfSpace = ({ space_id }: { space_id: string }) => (
  <Shown asked={useQuery({ ...ask(getSpaceStorage, { params: { space_id } }), staleTime: 5_000 })} own={false} />
);

type Asked = Pick<ReturnType<typeof useQuery<Parameters<typeof Room>[0]["told"]>>, "data" | "error" | "refetch">;

function Shown({ asked, own }: { asked: Asked; own: boolean }) {
  if (asked.data) return <Room told={asked.data} own={own} />;
  if (asked.error) return <Failed error={asked.error} retry={() => void asked.refetch()} />;
  return (
    <>
      <Loading what="what is stored" />
      <Skeleton className="mx-4 mt-3 h-40 sm:mx-0" />
      <Skeleton className="mx-4 mt-4 h-64 sm:mx-0" />
    </>
  );
}

const NEARLY_FULL = 0.9;

function Room({
  told: { bytes, quota_bytes, held, largest },
  own,
}: {
  told: {
    bytes: number;
    quota_bytes: number;
    held: Parameters<typeof HeldBar>[0]["held"];
    largest: Parameters<typeof LargestFilms>[0]["films"];
  };
  own: boolean;
}) {
  const share = quota_bytes > 0 ? bytes / quota_bytes : 0;
  return (
    <div className="px-4 pt-1 pb-24 sm:px-0">
      <Panel title={`${bytesOf(bytes)}${quota_bytes > 0 ? ` of ${bytesOf(quota_bytes)}` : ""}`}>
        <div
          role="meter"
          aria-label="Room that is used"
          aria-valuemin={0}
          aria-valuemax={100}
          aria-valuenow={Math.min(100, Math.round(share * 100))}
          aria-valuetext={`${percentOf(share)} used`}
        >
          <HeldBar held={held} of={Math.max(quota_bytes, bytes)} />
        </div>
        <p className="mt-2 text-sm text-ink-2">
          {quota_bytes > 0
            ? `${percentOf(share)} used, ${bytesOf(Math.max(0, quota_bytes - bytes))} free.`
            : "There is no bound."}
          {share > NEARLY_FULL && (
            <strong className="ml-1 text-bad">It is nearly full. Delete what nobody watches any more.</strong>
          )}
        </p>
        <HeldList held={held} />
      </Panel>
      <Panel
        title="The largest films"
        intro="Larger qualities are kept only while they are watched; the file that was sent stays and counts."
      >
        <LargestFilms films={largest} own={own} />
      </Panel>
    </div>
  );
}
