import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Ban, Ellipsis, KeyRound, Shield, Undo2 } from "lucide-react";
import { useDeferredValue, useState } from "react";

import { type AdminPerson, HOUSE_ROLES, type Me, peopleRoutes } from "#systems/people/contract.ts";

import { sentenceOf } from "../client.ts";
import { Avatar } from "../parts/avatar.tsx";
import { Button, IconButton } from "../parts/button.tsx";
import { Sheet } from "../parts/dialog.tsx";
import { Empty } from "../parts/empty.tsx";
import { TextArea } from "../parts/field.tsx";
import { FindBox, FoundList } from "../parts/found-list.tsx";
import { LazyMenu } from "../parts/lazy-menu.tsx";
import type { MenuEntry } from "../parts/menu-entry.ts";
import { Pills } from "../parts/pills.tsx";
import { Secret } from "../parts/secret.tsx";
import { Ago, dayOf } from "../parts/time.tsx";
import { askPages, call } from "../shell/house.ts";
import { say, sorry } from "../shell/toasts.ts";

const STATES = [
  ["all", "Everybody"],
  ["suspended", "Suspended"],
] as const;
const ROLE_WORDS = { admin: "Admin", moderator: "Moderator", member: "Member" } as const;

export function AdminPeople({ me }: { me: Me }) {
  const [text, setText] = useState("");
  const q = useDeferredValue(text.trim());
  const [state, setState] = useState<"all" | "suspended">("all");
  const pages = useInfiniteQuery(
    askPages(peopleRoutes.adminListPeople, { query: { limit: 50, state, ...(q === "" ? {} : { q }) } }),
  );
  return (
    <FoundList<AdminPerson>
      label="People of the house"
      head={
        <div className="flex flex-wrap items-center gap-2">
          <FindBox label="Find people" placeholder="Name or handle" value={text} change={setText} chars_max={60} />
          <Pills label="Who" options={STATES} value={state} choose={setState} />
        </div>
      }
      pages={pages}
      what="people"
      keyOf={(person) => person.id}
      empty={<Empty title={state === "suspended" ? "Nobody is suspended" : "Nobody by this name"} />}
    >
      {(person) => <Line me={me} person={person} />}
    </FoundList>
  );
}

function Line({ me, person }: { me: Me; person: AdminPerson }) {
  const queries = useQueryClient();
  const [suspending, setSuspending] = useState(false);
  const [reset, setReset] = useState<string | null>(null);
  const params = { handle: person.handle };
  const refresh = () => queries.invalidateQueries({ queryKey: [peopleRoutes.adminListPeople.path] });
  const after = (text: string, undo?: () => Promise<unknown>) => async () => {
    await refresh();
    say(
      text,
      undo &&
        (async () => {
          await undo();
          await refresh();
        }),
    );
  };
  const setRole = (role: AdminPerson["role"]) => call(peopleRoutes.setRole, { params, body: { role } });
  const entries = (): MenuEntry[] => [
    ...(me.role === "admin"
      ? ([
          ...HOUSE_ROLES.map((role) => ({
            label: ROLE_WORDS[role],
            icon: <Shield />,
            checked: person.role === role,
            run: () =>
              void setRole(role)
                .then(
                  after(`${person.display_name} is ${ROLE_WORDS[role].toLowerCase()} now.`, () => setRole(person.role)),
                )
                .catch(sorry),
          })),
          "line",
          {
            label: "Make a reset link",
            detail: "They set a new password with it",
            icon: <KeyRound />,
            run: () =>
              void call(peopleRoutes.createResetLink, { params })
                .then((made) => setReset(made.secret))
                .catch(sorry),
          },
        ] as MenuEntry[])
      : []),
    person.suspended
      ? {
          label: "Reinstate",
          icon: <Undo2 />,
          run: () =>
            void call(peopleRoutes.reinstate, { params })
              .then(after(`${person.display_name} is back.`))
              .catch(sorry),
        }
      : { label: "Suspend", icon: <Ban />, danger: true, run: () => setSuspending(true) },
  ];
  return (
    <div role="listitem" className="flex items-center gap-3 px-4 py-3">
      <Avatar person={person} />
      <div className="min-w-0 flex-1">
        <p className="flex items-center gap-2 leading-5">
          <Link to="/@{$handle}" params={params} className="truncate font-semibold hover:underline">
            {person.display_name}
          </Link>
          {person.role !== "member" && (
            <span className="rounded-md bg-accent-tint px-1.5 py-0.5 text-xs font-semibold text-accent-ink">
              {ROLE_WORDS[person.role]}
            </span>
          )}
          {person.suspended && (
            <span className="rounded-md bg-warn-tint px-1.5 py-0.5 text-xs font-semibold text-warn">Suspended</span>
          )}
        </p>
        <p className="truncate text-xs text-ink-3">
          @{person.handle} · since {dayOf(person.created_at)}
          {person.last_seen_at && (
            <>
              {" "}
              · seen <Ago at={person.last_seen_at} />
            </>
          )}
        </p>
        {person.suspended_reason !== null && <p className="mt-0.5 text-xs text-warn">{person.suspended_reason}</p>}
      </div>
      {person.id !== me.id && (
        <LazyMenu
          entries={entries}
          trigger={
            <IconButton label={`What to do about ${person.display_name}`}>
              <Ellipsis className="size-5" />
            </IconButton>
          }
        />
      )}
      {suspending && (
        <Suspend
          person={person}
          close={() => setSuspending(false)}
          suspended={after(`${person.display_name} is suspended.`, () => call(peopleRoutes.reinstate, { params }))}
        />
      )}
      {reset !== null && (
        <Sheet open onOpenChange={(open) => !open && setReset(null)} title={`For ${person.display_name}`}>
          <div className="px-6 pt-2 pb-8">
            <Secret
              label="One new password within a day, with this link. It is shown this once."
              value={`${location.origin}/reset?token=${encodeURIComponent(reset)}`}
            />
          </div>
        </Sheet>
      )}
    </div>
  );
}

function Suspend({
  person,
  close,
  suspended,
}: {
  person: AdminPerson;
  close: () => void;
  suspended: () => Promise<void>;
}) {
  const [reason, setReason] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  return (
    <Sheet open onOpenChange={(open) => !open && close()} title={`Suspend ${person.display_name}?`}>
      <form
        className="space-y-4 px-6 pt-1 pb-6"
        onSubmit={(event) => {
          event.preventDefault();
          setBusy(true);
          call(peopleRoutes.suspend, { params: { handle: person.handle }, body: { reason } })
            .then(async () => {
              close();
              await suspended();
            })
            .catch(setProblem)
            .finally(() => setBusy(false));
        }}
      >
        <p className="text-sm text-ink-2">
          Their sessions and tokens end at once and what is theirs is hidden. They can still sign in to read and take
          along what is theirs, and they see your reason.
        </p>
        <TextArea
          label="Reason"
          required
          maxLength={300}
          value={reason}
          onChange={(event) => setReason(event.target.value)}
          error={problem === null ? undefined : sentenceOf(problem)}
        />
        <Button type="submit" className="w-full" busy={busy} disabled={reason.trim() === ""}>
          Suspend
        </Button>
      </form>
    </Sheet>
  );
}
