import { Eye, EyeOff } from "lucide-react";
import { type ComponentProps, type ReactNode, useId, useState } from "react";

import { cx } from "./class.ts";

interface About {
  label: string;
  hint?: ReactNode;
  error?: string | undefined;
}

const BOX =
  "w-full rounded-xl border border-line-strong/60 bg-raised px-4 text-base text-ink transition-colors duration-150 hover:border-line-strong focus:border-accent-ink focus:outline-2 focus:-outline-offset-1 focus:outline-accent-ink aria-invalid:border-bad disabled:opacity-60";

/** A label above, help below, and the error in its place; all three are tied to the input for screen readers. */
export function Field({
  label,
  hint,
  error,
  children,
}: About & { children: (ids: { id: string; describedBy: string | undefined; invalid: boolean }) => ReactNode }) {
  const id = useId();
  const note = error ?? hint;
  return (
    <div>
      <label htmlFor={id} className="mb-1.5 block text-sm font-semibold">
        {label}
      </label>
      {children({ id, describedBy: note === undefined ? undefined : `${id}-note`, invalid: error !== undefined })}
      {note !== undefined && (
        <p
          id={`${id}-note`}
          className={cx("mt-1.5 text-xs", error === undefined ? "text-ink-3" : "font-medium text-bad")}
          role={error === undefined ? undefined : "alert"}
        >
          {note}
        </p>
      )}
    </div>
  );
}

/** In rem, with the room after it; an @ is nearly twice as wide as other signs. */
const widthOf = (prefix: string) => [...prefix].reduce((rem, sign) => rem + (sign === "@" ? 0.85 : 0.56), 0);

export function TextField({
  label,
  hint,
  error,
  prefix,
  className,
  ...rest
}: About & Omit<ComponentProps<"input">, "prefix"> & { prefix?: string }) {
  return (
    <Field label={label} hint={hint} error={error}>
      {({ id, describedBy, invalid }) => (
        <div className="relative">
          {prefix !== undefined && (
            <span
              aria-hidden="true"
              className="pointer-events-none absolute inset-y-0 left-4 grid place-items-center text-ink-3"
            >
              {prefix}
            </span>
          )}
          <input
            id={id}
            aria-describedby={describedBy}
            aria-invalid={invalid || undefined}
            {...rest}
            className={cx(BOX, "h-12", className)}
            style={prefix === undefined ? undefined : { paddingLeft: `${1.25 + widthOf(prefix)}rem` }}
          />
        </div>
      )}
    </Field>
  );
}

export function PasswordField({ label, hint, error, ...rest }: About & Omit<ComponentProps<"input">, "type">) {
  const [shown, setShown] = useState(false);
  return (
    <Field label={label} hint={hint} error={error}>
      {({ id, describedBy, invalid }) => (
        <div className="relative">
          <input
            id={id}
            aria-describedby={describedBy}
            aria-invalid={invalid || undefined}
            autoCapitalize="none"
            spellCheck={false}
            {...rest}
            type={shown ? "text" : "password"}
            className={cx(BOX, "h-12 pr-13")}
          />
          <button
            type="button"
            aria-pressed={shown}
            aria-label="Show password"
            onClick={() => setShown(!shown)}
            className="absolute top-1 right-1 grid size-10 place-items-center rounded-lg text-ink-3 hover:bg-sunken hover:text-ink"
          >
            {shown ? <EyeOff className="size-5" /> : <Eye className="size-5" />}
          </button>
        </div>
      )}
    </Field>
  );
}

export function TextArea({ label, hint, error, className, ...rest }: About & ComponentProps<"textarea">) {
  return (
    <Field label={label} hint={hint} error={error}>
      {({ id, describedBy, invalid }) => (
        <textarea
          id={id}
          aria-describedby={describedBy}
          aria-invalid={invalid || undefined}
          {...rest}
          className={cx(BOX, "field-sizing-content min-h-24 py-3", className)}
        />
      )}
    </Field>
  );
}

export function SelectField({ label, hint, error, children, className, ...rest }: About & ComponentProps<"select">) {
  return (
    <Field label={label} hint={hint} error={error}>
      {({ id, describedBy }) => (
        <select id={id} aria-describedby={describedBy} {...rest} className={cx(BOX, "h-12 pr-8", className)}>
          {children}
        </select>
      )}
    </Field>
  );
}

export interface Choice<V extends string> {
  value: V;
  label: string;
  detail?: string;
  icon?: ReactNode;
}

/** One of a few, each with a sentence: real radio buttons in the clothes of cards. */
export function Choices<V extends string>({
  label,
  value,
  choices,
  onChange,
  columns = 1,
}: {
  label: string;
  value: V;
  choices: readonly Choice<V>[];
  onChange: (value: V) => void;
  columns?: 1 | 2 | 3;
}) {
  const name = useId();
  return (
    <fieldset>
      <legend className="mb-1.5 text-sm font-semibold">{label}</legend>
      <div className={cx("grid gap-2", columns === 2 && "sm:grid-cols-2", columns === 3 && "grid-cols-3")}>
        {choices.map((choice) => (
          <label
            key={choice.value}
            className="flex cursor-pointer items-start gap-3 rounded-xl border border-line-strong/50 bg-raised px-4 py-3 transition-colors duration-150 hover:bg-sunken has-checked:border-accent-ink has-checked:bg-accent-tint has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent-ink"
          >
            <input
              type="radio"
              name={name}
              value={choice.value}
              checked={choice.value === value}
              onChange={() => onChange(choice.value)}
              className="mt-1 size-4 shrink-0 accent-accent outline-none"
            />
            <span className="min-w-0">
              <span className="flex items-center gap-2 text-sm font-semibold [&_svg]:size-4">
                {choice.icon}
                {choice.label}
              </span>
              {choice.detail !== undefined && <span className="mt-0.5 block text-xs text-ink-2">{choice.detail}</span>}
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

export function Tick({ label, detail, ...rest }: { label: string; detail?: string } & ComponentProps<"input">) {
  return (
    <label className="flex cursor-pointer items-start gap-3 rounded-lg py-1.5 has-disabled:cursor-default has-disabled:opacity-60">
      <input type="checkbox" {...rest} className="mt-1 size-4.5 shrink-0 accent-accent" />
      <span>
        <span className="block text-sm font-medium">{label}</span>
        {detail !== undefined && <span className="block text-xs text-ink-3">{detail}</span>}
      </span>
    </label>
  );
}
