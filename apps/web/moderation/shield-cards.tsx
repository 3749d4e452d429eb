import type { Shield, ShieldKind } from "#systems/moderation/contract.ts";

import { cx } from "../parts/class.ts";
import { Ago } from "../parts/time.tsx";

export const SHIELD_WORDS: Record<ShieldKind, string> = {
  sign_up: "Sign-ups",
  posting: "Posts by new people",
  uploading: "Uploads by new people",
};
const grouped = (count: number) => count.toLocaleString();
const STEPS = ["As usual", "Tighter", "Tight", "Nearly closed"] as const;

/** A shield as everybody may see it: its step, why, and how far it is from the next. */
export function ShieldCard({ shield, children }: { shield: Shield; children?: React.ReactNode }) {
  const { kind, step, rate_per_h, tightens_at_per_h, normal_per_h } = shield;
  const share = Math.min(1, rate_per_h / Math.max(1, tightens_at_per_h));
  return (
    <section className="rounded-2xl border border-line bg-surface p-4 sm:p-5" aria-label={SHIELD_WORDS[kind]}>
      <div className="flex items-center justify-between gap-3">
        <h3 className="font-bold">{SHIELD_WORDS[kind]}</h3>
        <span
          className={cx(
            "rounded-full px-2.5 py-1 text-xs font-semibold",
            step === 0 ? "bg-good-tint text-good" : "bg-warn-tint text-warn",
          )}
        >
          {STEPS[step]}
          {shield.held && ", held"}
        </span>
      </div>
      <p className="mt-2 text-sm text-ink-2">{shield.sentence}</p>
      {step > 0 && shield.because !== "" && (
        <p className="mt-1 text-sm text-ink-3">
          {shield.because} <Ago at={shield.since} />
        </p>
      )}
      <div className="mt-4 flex gap-1" role="img" aria-label={`Step ${step} of 3`}>
        {[1, 2, 3].map((at) => (
          <span key={at} className={cx("h-1.5 flex-1 rounded-full", at <= step ? "bg-warn" : "bg-sunken")} />
        ))}
      </div>
      <p className="mt-2 text-xs text-ink-3">
        Now {grouped(rate_per_h)} an hour; {grouped(normal_per_h)} are usual; the next step is at{" "}
        {grouped(tightens_at_per_h)}
        {share > 0.5 && step < 3 ? ", which is near" : ""}.
      </p>
      {children}
    </section>
  );
}
