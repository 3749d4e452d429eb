import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { DoorOpen } from "lucide-react";
import { useState } from "react";

import { HOUSE_ROLES, type Invitation, type Me, peopleRoutes } from "#systems/people/contract.ts";

import { sentenceOf } from "../client.ts";
import { Button } from "../parts/button.tsx";
import { Empty } from "../parts/empty.tsx";
import { SelectField, TextField } from "../parts/field.tsx";
import { PagedList } from "../parts/paged-list.tsx";
import { Secret } from "../parts/secret.tsx";
import { RowSkeleton } from "../parts/skeleton.tsx";
import { dayOf, useNowMs } from "../parts/time.tsx";
import { askPages, call } from "../shell/house.ts";
import { say, sorry } from "../shell/toasts.ts";
import { Panel } from "./sections.tsx";

const query = askPages(peopleRoutes.listInvitations);

export function AdminInvitations({ me }: { me: Me }) {
  const pages = useInfiniteQuery(query);
  return (
    <>
      <NewInvitation me={me} />
      <Panel title="Given out">
        <PagedList<Invitation>
          pages={pages}
          what="invitations"
          keyOf={(invitation) => invitation.id}
          className="divide-y divide-line"
          skeleton={
            <>
              <RowSkeleton />
              <RowSkeleton />
            </>
          }
          empty={
            <Empty icon={<DoorOpen />} title="No invitations yet">
              Make one above and hand its link to somebody.
            </Empty>
          }
          end={null}
        >
          {(invitation) => <Line invitation={invitation} />}
        </PagedList>
      </Panel>
    </>
  );
}

function NewInvitation({ me }: { me: Me }) {
  const queries = useQueryClient();
  const [note, setNote] = useState("");
  const [role, setRole] = useState<Invitation["role"]>("member");
  const [uses_max, setUses] = useState(1);
  const [expires_in_h, setExpiry] = useState(168);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const [secret, setSecret] = useState<string | null>(null);
  function create() {
    setBusy(true);
    setProblem(null);
    call(peopleRoutes.createInvitation, { body: { note, role, uses_max, expires_in_h } })
      .then(async (made) => {
        setSecret(made.secret);
        setNote("");
        await queries.invalidateQueries({ queryKey: query.queryKey });
      })
      .catch(setProblem)
      .finally(() => setBusy(false));
  }
  return (
    <Panel title="Invite somebody" intro="Whoever has the link may sign up with it.">
      {secret !== null && (
        <div className="mb-5">
          <Secret
            label="The link, shown this once"
            value={`${location.origin}/sign-up?invitation=${encodeURIComponent(secret)}`}
          />
        </div>
      )}
      <form
        className="grid gap-4 sm:grid-cols-3"
        onSubmit={(event) => {
          event.preventDefault();
          create();
        }}
      >
        <div className="sm:col-span-3">
          <TextField
            label="Note to yourself"
            maxLength={120}
            value={note}
            onChange={(event) => setNote(event.target.value)}
            placeholder="For the neighbours"
          />
        </div>
        <SelectField label="For" value={uses_max} onChange={(event) => setUses(Number(event.target.value))}>
          {[1, 5, 20, 100].map((count) => (
            <option key={count} value={count}>
              {count === 1 ? "one person" : `${count} people`}
            </option>
          ))}
        </SelectField>
        <SelectField label="Works for" value={expires_in_h} onChange={(event) => setExpiry(Number(event.target.value))}>
          <option value={24}>a day</option>
          <option value={168}>a week</option>
          <option value={720}>a month</option>
        </SelectField>
        <SelectField
          label="They become"
          value={role}
          onChange={(event) => setRole(event.target.value as Invitation["role"])}
        >
          {HOUSE_ROLES.filter((one) => me.role === "admin" || one === "member")
            .toReversed()
            .map((one) => (
              <option key={one} value={one}>
                {one}
              </option>
            ))}
        </SelectField>
        {problem !== null && (
          <p role="alert" className="text-sm font-medium text-bad sm:col-span-3">
            {sentenceOf(problem)}
          </p>
        )}
        <Button type="submit" className="sm:col-span-3 sm:justify-self-start" busy={busy}>
          Make a link
        </Button>
      </form>
    </Panel>
  );
}

function Line({ invitation }: { invitation: Invitation }) {
  const queries = useQueryClient();
  const now = useNowMs();
  const state = invitation.revoked_at
    ? "Taken back"
    : invitation.uses >= invitation.uses_max
      ? "Used"
      : Date.parse(invitation.expires_at) < now
        ? "Over"
        : null;
  return (
    <div role="listitem" className="flex items-center gap-4 py-3.5">
      <div className="min-w-0 flex-1">
        <p className="truncate text-sm leading-5 font-semibold">
          {invitation.note || `For ${invitation.uses_max === 1 ? "one person" : `${invitation.uses_max} people`}`}
        </p>
        <p className="text-xs text-ink-3">
          {invitation.uses} of {invitation.uses_max} used · as {invitation.role} · until {dayOf(invitation.expires_at)}
          {invitation.created_by && ` · by @${invitation.created_by.handle}`}
        </p>
      </div>
      {state === null ? (
        <Button
          look="danger"
          size="sm"
          onClick={() =>
            void call(peopleRoutes.revokeInvitation, { params: { id: invitation.id } })
              .then(async () => {
                await queries.invalidateQueries({ queryKey: query.queryKey });
                say("The invitation is taken back.");
              })
              .catch(sorry)
          }
        >
          Take back
        </Button>
      ) : (
        <span className="rounded-md bg-sunken px-2 py-0.5 text-xs font-semibold text-ink-3">{state}</span>
      )}
    </div>
  );
}
