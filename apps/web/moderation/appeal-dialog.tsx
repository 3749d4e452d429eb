import { useState } from "react";

import { type Act, appeal, APPEAL_WORDS_CHARS_MAX, myActs } from "#systems/moderation/contract.ts";

import { sentenceOf } from "../client.ts";
import { Button } from "../parts/button.tsx";
import { Sheet } from "../parts/dialog.tsx";
import { TextArea } from "../parts/field.tsx";
import { call, queries } from "../shell/house.ts";
import { say } from "../shell/toasts.ts";

export default function AppealDialog({ act, close }: { act: Act; close: () => void }) {
  const [words, setWords] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  return (
    <Sheet open onOpenChange={(open) => !open && close()} title="Ask for another look">
      <form
        className="space-y-4 px-6 pt-1 pb-6"
        onSubmit={(event) => {
          event.preventDefault();
          setBusy(true);
          call(appeal, { params: { id: act.id }, body: { words } })
            .then(async () => {
              close();
              say("Sent. Somebody else will look at it, and you will be told.");
              await queries.invalidateQueries({ queryKey: [myActs.path] });
            })
            .catch(setProblem)
            .finally(() => setBusy(false));
        }}
      >
        <p className="text-sm text-ink-2">
          One appeal is heard, by somebody who did not decide the first time, where this house has such a person.
        </p>
        <TextArea
          label="Why should it be decided otherwise?"
          required
          maxLength={APPEAL_WORDS_CHARS_MAX}
          value={words}
          onChange={(event) => setWords(event.target.value)}
          error={problem === null ? undefined : sentenceOf(problem)}
        />
        <Button type="submit" className="w-full" busy={busy} disabled={words.trim() === ""}>
          Send the appeal
        </Button>
      </form>
    </Sheet>
  );
}
