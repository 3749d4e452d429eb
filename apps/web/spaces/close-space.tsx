import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { type Space, spacesRoutes } from "#systems/spaces/contract.ts";

import { Confirm } from "../parts/dialog.tsx";
import { call } from "../shell/house.ts";
import { say, sorry } from "../shell/toasts.ts";

export default function CloseSpace({ space, close, closed }: { space: Space; close: () => void; closed: () => void }) {
  const [busy, setBusy] = useState(false);
  const queries = useQueryClient();
  return (
    <Confirm
      open
      onOpenChange={(open) => !open && close()}
      title={`Close ${space.name}?`}
      action="Close it for good"
      busy={busy}
      onConfirm={() => {
        setBusy(true);
        call(spacesRoutes.deleteSpace, { params: { slug: space.slug } })
          .then(() => {
            say(`${space.name} is closed.`);
            closed();
            queries.removeQueries({ predicate: (query) => String(query.queryKey[0]).startsWith("/v1/spaces") });
          })
          .catch(sorry)
          .finally(() => setBusy(false));
      }}
    >
      Its {space.members} members lose the room and everything that was said in it. This cannot be undone.
    </Confirm>
  );
}
