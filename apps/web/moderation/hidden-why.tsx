import type { SubjectKind } from "#systems/moderation/contract.ts";

import { Sheet } from "../parts/dialog.tsx";
import { Failed } from "../parts/empty.tsx";
import { Loading, Skeleton } from "../parts/skeleton.tsx";
import { ConcernedAct } from "./concerned.tsx";
import { useActsOn } from "./hidden-note.tsx";

export default function HiddenWhy({
  subject,
  close,
}: {
  subject: { kind: SubjectKind; id: string };
  close: () => void;
}) {
  const asked = useActsOn(subject);
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
