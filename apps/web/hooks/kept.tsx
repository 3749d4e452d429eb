import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";

import type { Route } from "#kernel/contract.ts";
import { chatRoutes } from "#systems/chat/contract.ts";

import { sentenceOf } from "../client.ts";
import { Button } from "../parts/button.tsx";
import { Failed } from "../parts/empty.tsx";
import { SelectField } from "../parts/field.tsx";
import { Secret } from "../parts/secret.tsx";
import { RowSkeleton } from "../parts/skeleton.tsx";
import { ask, queries } from "../shell/house.ts";
import { say, sorry } from "../shell/toasts.ts";

/** Does it, asks anew for the list that it changed, and says so. */
export const doing = (list: Route, work: Promise<unknown>, words?: string): void =>
  void work
    .then(async () => {
      await queries.invalidateQueries({ queryKey: [list.path] });
      if (words !== undefined) say(words);
    })
    .catch(sorry);

/** A list in its four states. */
export function Kept<T extends { id: string }>({
  asked,
  empty,
  children,
}: {
  asked: UseQueryResult<{ items: T[] }>;
  empty: string;
  children: (item: T) => ReactNode;
}) {
  if (asked.isPending) return <RowSkeleton />;
  if (asked.isError) return <Failed error={asked.error} retry={() => void asked.refetch()} />;
  if (asked.data.items.length === 0) return <p className="py-6 text-center text-sm text-ink-3">{empty}</p>;
  return (
    <ul className="divide-y divide-line">
      {asked.data.items.map((item) => (
        <li key={item.id} className="py-3.5">
          {children(item)}
        </li>
      ))}
    </ul>
  );
}

/** A form that makes something, and shows its secret once. */
export function Maker({
  action,
  ready,
  make,
  children,
}: {
  action: string;
  ready: boolean;
  /** @returns what is shown this once */
  make: () => Promise<{ label: string; value: string } | null>;
  children: ReactNode;
}) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const [secret, setSecret] = useState<{ label: string; value: string } | null>(null);
  return (
    <form
      className="space-y-4"
      onSubmit={(event) => {
        event.preventDefault();
        setBusy(true);
        setProblem(null);
        make()
          .then(setSecret)
          .catch(setProblem)
          .finally(() => setBusy(false));
      }}
    >
      {secret && <Secret {...secret} />}
      {children}
      {problem !== null && (
        <p role="alert" className="text-sm font-medium text-bad">
          {sentenceOf(problem)}
        </p>
      )}
      <Button type="submit" busy={busy} disabled={!ready}>
        {action}
      </Button>
    </form>
  );
}

/** One of the space's channels. */
export function ChannelField({ slug, value, choose }: { slug: string; value: string; choose: (id: string) => void }) {
  const asked = useQuery(ask(chatRoutes.spaceChannels, { params: { slug } }));
  return (
    <SelectField label="Channel" value={value} onChange={({ target }) => choose(target.value)}>
      <option value="">Choose one</option>
      {(asked.data?.items ?? [])
        .filter(({ archived }) => !archived)
        .map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
    </SelectField>
  );
}

export function useChannelNames(slug: string): (id: string) => string {
  const asked = useQuery(ask(chatRoutes.spaceChannels, { params: { slug } }));
  return (id) => asked.data?.items.find((one) => one.id === id)?.name ?? "a channel that you cannot read";
}

export const homeQuery = (slug: string | null) => (slug === null ? {} : { space: slug });
