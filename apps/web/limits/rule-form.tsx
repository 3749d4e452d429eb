import type { ReactNode } from "react";

import {
  type Algorithm,
  type Level,
  LEVELS,
  type Mode,
  MODES,
  RULE_PATIENCE_MS_MAX,
  type SetRule,
  WHEN_AWAY,
} from "#systems/limits/contract.ts";

import { Button } from "../parts/button.tsx";
import { Field, SelectField, TextField, Tick } from "../parts/field.tsx";
import { LimitFields } from "./limit-fields.tsx";
import { AWAY_WORDS, LEVEL_WORDS, MODE_WORDS } from "./words.ts";

const SECOND_MS = 1_000;
const TIERED: ReadonlySet<Level> = new Set(["person", "token", "space"]);

/** One rule as it is written. @param troubles what the house said of it, by field */
export function RuleForm({
  rule,
  troubles,
  onChange,
  onRemove,
}: {
  rule: SetRule;
  troubles: Readonly<Record<string, string>>;
  onChange: (rule: SetRule) => void;
  onRemove: () => void;
}) {
  const put = (more: Partial<SetRule>) => onChange({ ...rule, ...more });
  const isTiered = TIERED.has(rule.level);
  return (
    <div className="space-y-5 pt-4">
      <div className="grid gap-4 sm:grid-cols-2">
        <TextField
          label="Name"
          required
          maxLength={40}
          value={rule.id}
          error={troubles.id}
          hint="Shown to whoever is refused. What was counted goes on under it."
          onChange={(event) => put({ id: event.target.value })}
        />
        <SelectField
          label="Whose"
          value={rule.level}
          error={troubles.level}
          hint={LEVEL_WORDS[rule.level][1]}
          onChange={(event) => {
            const level = event.target.value as Level;
            put({ level, ...(TIERED.has(level) ? {} : { tiers: {} }) });
          }}
        >
          {LEVELS.map((level) => (
            <option key={level} value={level}>
              {LEVEL_WORDS[level][0]}
            </option>
          ))}
        </SelectField>
      </div>
      <LimitFields
        label="Limit"
        limit={rule.limit}
        error={troubles.limit}
        onChange={(limit) => put({ limit, ...(limit.kind === "slots" ? { patience_ms: 0 } : {}) })}
      />
      {isTiered &&
        (["pro", "enterprise"] as const).map((tier) => (
          <Tier key={tier} tier={tier} rule={rule} error={troubles[`tiers/${tier}`]} onChange={onChange} />
        ))}
      <div className="grid gap-4 sm:grid-cols-2">
        <SelectField
          label="Mode"
          value={rule.mode}
          error={troubles.mode}
          hint={MODE_WORDS[rule.mode][1]}
          onChange={(event) => {
            const mode = event.target.value as Mode;
            put({ mode, canary_percent: mode === "canary" ? (rule.canary_percent ?? 10) : null });
          }}
        >
          {MODES.map((mode) => (
            <option key={mode} value={mode}>
              {MODE_WORDS[mode][0]}
            </option>
          ))}
        </SelectField>
        {rule.mode === "canary" && (
          <TextField
            label="Percent of the keys"
            type="number"
            required
            min={1}
            max={99}
            value={rule.canary_percent ?? ""}
            error={troubles.canary_percent}
            onChange={(event) => put({ canary_percent: event.target.valueAsNumber })}
          />
        )}
        <SelectField
          label="While Redis is away"
          value={rule.when_away}
          onChange={(event) => put({ when_away: event.target.value as SetRule["when_away"] })}
        >
          {WHEN_AWAY.map((away) => (
            <option key={away} value={away}>
              {AWAY_WORDS[away]}
            </option>
          ))}
        </SelectField>
        {rule.limit.kind !== "slots" && (
          <TextField
            label="May wait, in seconds"
            type="number"
            min={0}
            max={RULE_PATIENCE_MS_MAX / SECOND_MS}
            step={0.1}
            value={Number.isFinite(rule.patience_ms) ? rule.patience_ms / SECOND_MS : ""}
            error={troubles.patience_ms}
            hint="A request that would pass so soon waits for its turn. 0: it is refused."
            onChange={(event) => put({ patience_ms: Math.round(event.target.valueAsNumber * SECOND_MS) })}
          />
        )}
      </div>
      <Routes
        label="Only for these routes"
        hint="None: all routes. One a line, such as POST /v1/posts or * /v1/spaces/*."
        of={rule.routes}
        error={errorOf(troubles, "routes")}
        onChange={(of) => put({ routes: of })}
      />
      <Routes
        label="Not for these"
        of={rule.except}
        error={errorOf(troubles, "except")}
        onChange={(except) => put({ except })}
      />
      <TextField
        label="What it is for"
        maxLength={200}
        value={rule.summary}
        onChange={(event) => put({ summary: event.target.value })}
      />
      {rule.limit.kind !== "slots" && (
        <Tick
          label="Count each request as one"
          detail="Otherwise it takes what its route costs: signing in ten, most others one."
          checked={rule.counts === "requests"}
          onChange={(event) => put({ counts: event.target.checked ? "requests" : "cost" })}
        />
      )}
      <Button look="danger" size="sm" onClick={onRemove}>
        Take this rule out
      </Button>
    </div>
  );
}

const errorOf = (troubles: Readonly<Record<string, string>>, list: string) =>
  Object.entries(troubles).find(([field]) => field === list || field.startsWith(`${list}/`))?.[1];

function Tier({
  tier,
  rule,
  error,
  onChange,
}: {
  tier: "pro" | "enterprise";
  rule: SetRule;
  error: string | undefined;
  onChange: (rule: SetRule) => void;
}) {
  const limit = rule.tiers[tier];
  const put = (next: Algorithm | undefined) => {
    const { [tier]: _, ...others } = rule.tiers;
    onChange({ ...rule, tiers: next === undefined ? others : { ...others, [tier]: next } });
  };
  return (
    <div className="space-y-3">
      <Tick
        label={`Other numbers for tier ${tier}`}
        checked={limit !== undefined}
        onChange={(event) => put(event.target.checked ? rule.limit : undefined)}
      />
      {limit && <LimitFields label={`Limit of ${tier}`} limit={limit} error={error} onChange={put} />}
    </div>
  );
}

function Routes({
  label,
  hint,
  of,
  error,
  onChange,
}: {
  label: string;
  hint?: ReactNode;
  of: readonly string[];
  error: string | undefined;
  onChange: (of: string[]) => void;
}) {
  return (
    <Field label={label} hint={hint} error={error}>
      {({ id, describedBy, invalid }) => (
        <textarea
          id={id}
          aria-describedby={describedBy}
          aria-invalid={invalid || undefined}
          rows={Math.min(6, of.length + 1)}
          spellCheck={false}
          defaultValue={of.join("\n")}
          onBlur={(event) =>
            onChange(
              event.target.value
                .split("\n")
                .map((line) => line.trim())
                .filter(Boolean),
            )
          }
          className="w-full rounded-xl border border-line-strong/60 bg-raised px-4 py-2.5 font-mono text-sm text-ink focus:border-accent-ink focus:outline-2 focus:-outline-offset-1 focus:outline-accent-ink aria-invalid:border-bad"
        />
      )}
    </Field>
  );
}
