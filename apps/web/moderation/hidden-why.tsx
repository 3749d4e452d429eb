import { useQuery } from "@tanstack/react-query";

import { myActs, type SubjectKind } from "#systems/moderation/contract.ts";

import { Sheet } from "../parts/dialog.tsx";
import { Failed } from "../parts/empty.tsx";
import { Loading, Skeleton } from "../parts/skeleton.tsx";
import { ask } from "../shell/house.ts";
import { ConcernedAct } from "./concerned.tsx";

export default function HiddenWhy({
  subject,
  close,
}: {
  subject: { kind: SubjectKind; id: string };
  close: () => void;
}) {
  const asked = useQuery(ask(myActs, { query: { subject_kind: subject.kind, subject_id: subject.id } }));
  return (
    <Sheet open onOpenChange={(open) => !open && close()} title="What moderators decided">
      <div className="space-y-6 px-6 pt-2 pb-8">
        {asked.isPending ? (
          <>
            <Loading what="the reason" />
            <Skeleton className="h-28 rounded-xl" />
          </>
        ) : asked.isError ? (
          <Failed error={asked.error} retry={() => void asked.refetch()} />
        ) : (
          asked.data.items.map((act) => <ConcernedAct key={act.id} act={act} plain />)
        )}
      </div>
    </Sheet>
  );
}
