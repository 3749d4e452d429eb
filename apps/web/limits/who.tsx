import type { TierKind, TierRow } from "#systems/limits/contract.ts";

import { Choices } from "../parts/field.tsx";

export const nameOf = (row: Pick<TierRow, "kind" | "person" | "space">) =>
  row.person
    ? `${row.person.display_name} @${row.person.handle}`
    : (row.space?.name ?? `${row.kind === "person" ? "Somebody" : "A space"} who is not here any more`);

export const tierInWords = ({ tier, percent }: Pick<TierRow, "tier" | "percent">) =>
  tier === "custom" ? `${percent ?? 100} % of free` : tier;

export function WhoseChoice({
  kind,
  label,
  onChange,
}: {
  kind: TierKind;
  label: string;
  onChange: (kind: TierKind) => void;
}) {
  return (
    <Choices
      label={label}
      value={kind}
      columns={2}
      choices={[
        { value: "person", label: "A person" },
        { value: "space", label: "A space" },
      ]}
      onChange={onChange}
    />
  );
}
