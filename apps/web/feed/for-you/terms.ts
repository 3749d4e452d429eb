import type { ForYouWhy } from "#systems/feed/contract.ts";

/** One bar: what a reason adds to a score or takes from it, as a part of the longest. */
export interface Bar {
  key: string;
  label: string;
  amount: number;
  /** −1 … 1, of the longest. */
  share: number;
}

/** The terms as they are drawn, the strongest first; those that hardly move anything are summed in one. */
export function barsOf(why: Pick<ForYouWhy, "base" | "features">): Bar[] {
  const most = Math.max(...why.features.map((one) => Math.abs(one.contribution)), why.base, 1e-9);
  const strong = why.features.filter((one) => Math.abs(one.contribution) >= most / 50);
  const weak = why.features.filter((one) => !strong.includes(one));
  const rest = weak.reduce((sum, one) => sum + one.contribution, 0);
  const bars = [
    ...strong.map((one) => ({ key: one.feature, label: one.sentence, amount: one.contribution })),
    { key: "base", label: "Any post that may be shown", amount: why.base },
    ...(weak.length > 0 ? [{ key: "rest", label: "Smaller things together", amount: rest }] : []),
  ];
  return bars.map((bar) => ({ ...bar, share: bar.amount / most }));
}

const OUTCOME_WORDS: Record<ForYouWhy["outcomes"][number]["outcome"], string> = {
  like: "you like it",
  reply: "you answer",
  repost: "you pass it on",
  share: "you share it elsewhere",
  watch: "you watch it through",
  hide: "you want less of it",
  report: "you report it",
};
export const outcomeWords = (outcome: ForYouWhy["outcomes"][number]["outcome"]): string => OUTCOME_WORDS[outcome];

/** Never "0 %" for what can happen. */
export function percentOf(probability: number): string {
  if (probability < 0.001) return "< 0.1 %";
  return probability < 0.1 ? `${(probability * 100).toFixed(1)} %` : `${Math.round(probability * 100)} %`;
}

/** "+0.12", "−0.03"; in likes. */
export const signed = (amount: number): string =>
  `${amount < 0 ? "−" : "+"}${Math.abs(amount) < 0.1 ? Math.abs(amount).toFixed(3) : Math.abs(amount).toFixed(2)}`;
