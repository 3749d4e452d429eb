import { useState } from "react";

import { type Space, spacesRoutes } from "#systems/spaces/contract.ts";

import { sentenceOf } from "../client.ts";
import { Button } from "../parts/button.tsx";
import { Sheet } from "../parts/dialog.tsx";
import { SelectField } from "../parts/field.tsx";
import { Secret } from "../parts/secret.tsx";
import { call } from "../shell/house.ts";

export default function InviteDialog({ space, close }: { space: Space; close: () => void }) {
  const [uses_max, setUses] = useState(1);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const [secret, setSecret] = useState<string | null>(null);
  function create() {
    setBusy(true);
    setProblem(null);
    call(spacesRoutes.createSpaceInvitation, { params: { slug: space.slug }, body: { uses_max } })
      .then((made) => setSecret(made.secret))
      .catch(setProblem)
      .finally(() => setBusy(false));
  }
  return (
    <Sheet open onOpenChange={(open) => !open && close()} title={`Invite to ${space.name}`}>
      <div className="space-y-5 px-6 pt-2 pb-6">
        {secret === null ? (
          <>
            <SelectField
              label="For how many people"
              value={uses_max}
              onChange={(event) => setUses(Number(event.target.value))}
              hint="The link works for a week."
            >
              {[1, 5, 20, 100].map((count) => (
                <option key={count} value={count}>
                  {count}
                </option>
              ))}
            </SelectField>
            {problem !== null && (
              <p role="alert" className="text-sm font-medium text-bad">
                {sentenceOf(problem)}
              </p>
            )}
            <Button size="lg" className="w-full" busy={busy} onClick={create}>
              Make a link
            </Button>
          </>
        ) : (
          <Secret
            label="The link, shown this once"
            value={`${location.origin}/s/${space.slug}?invitation=${encodeURIComponent(secret)}`}
          />
        )}
      </div>
    </Sheet>
  );
}
