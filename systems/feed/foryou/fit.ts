import { type FeatureRow, FEATURES } from "./features.ts";
import type { Weights } from "./model.ts";

/** One post that somebody met, and what became of it: a bit for each outcome. */
export interface Example {
  row: FeatureRow;
  outcomes: number;
  at_ms: number;
}

const WIDTH = FEATURES.length + 1;
/** How far weights are believed to be from where they were set by hand: the spread of a normal distribution. */
const SPREAD = 1;
/** How common an outcome is differs more between houses. */
const BIAS_SPREAD = 3;
const STEPS_MAX = 12;

/** Smaller is better: what each example surprises on the average. Probabilities are kept off 0 and 1. */
export function logLoss(examples: readonly Example[], bit: number, probability: (row: FeatureRow) => number): number {
  if (examples.length === 0) return 0;
  let sum = 0;
  for (const { row, outcomes } of examples) {
    const p = Math.min(1 - 1e-6, Math.max(1e-6, probability(row)));
    sum -= Math.log((outcomes & bit) !== 0 ? p : 1 - p);
  }
  return sum / examples.length;
}

/**
 * Logistic regression towards `prior` (maximum a posteriori), by Newton's steps: exact, and without a rate to choose. With no
 * examples it is the prior.
 */
export function fit(examples: readonly Example[], bit: number, prior: Weights): Weights {
  const mean = [prior.bias, ...FEATURES.map((name) => prior.of[name] ?? 0)];
  const trust = mean.map((_, i) => 1 / (i === 0 ? BIAS_SPREAD : SPREAD) ** 2);
  let weights = [...mean];
  let cost = costOf(weights);
  for (let step = 0; step < STEPS_MAX; step++) {
    const { gradient, hessian } = slopes(weights);
    const move = solve(hessian, gradient);
    let scale = 1;
    let next = weights.map((w, i) => w - move[i]! * scale);
    let next_cost = costOf(next);
    while (next_cost > cost && scale > 1e-3) {
      scale /= 2;
      next = weights.map((w, i) => w - move[i]! * scale);
      next_cost = costOf(next);
    }
    if (next_cost >= cost) break;
    const gained = cost - next_cost;
    [weights, cost] = [next, next_cost];
    if (gained < 1e-6 * examples.length) break;
  }
  const [bias, ...of] = weights;
  return { bias: bias!, of: Object.fromEntries(FEATURES.map((name, i) => [name, of[i]!])) };

  function logOdds(of_weights: readonly number[], row: FeatureRow): number {
    let z = of_weights[0]!;
    for (let i = 0; i < row.length; i++) if (row[i] !== 0) z += (of_weights[i + 1]! * row[i]!) / 1_000;
    return z;
  }

  function costOf(of_weights: readonly number[]): number {
    let sum = 0;
    for (const { row, outcomes } of examples) {
      const z = logOdds(of_weights, row);
      const signed = (outcomes & bit) !== 0 ? -z : z;
      sum += signed > 0 ? signed + Math.log1p(Math.exp(-signed)) : Math.log1p(Math.exp(signed));
    }
    for (let i = 0; i < WIDTH; i++) sum += (trust[i]! * (of_weights[i]! - mean[i]!) ** 2) / 2;
    return sum;
  }

  function slopes(of_weights: readonly number[]) {
    const gradient = of_weights.map((w, i) => trust[i]! * (w - mean[i]!));
    const hessian = of_weights.map((_, i) => of_weights.map((_w, j) => (i === j ? trust[i]! : 0)));
    const set: number[] = [];
    const x = Array.from({ length: WIDTH }, () => 0);
    x[0] = 1;
    for (const { row, outcomes } of examples) {
      const p = 1 / (1 + Math.exp(-logOdds(of_weights, row)));
      const off = p - ((outcomes & bit) !== 0 ? 1 : 0);
      const curve = p * (1 - p);
      set.length = 0;
      set.push(0);
      for (let i = 0; i < row.length; i++) {
        x[i + 1] = row[i]! / 1_000;
        if (row[i] !== 0) set.push(i + 1);
      }
      // Most features of most posts are 0: only the others are visited.
      for (const i of set) {
        gradient[i]! += off * x[i]!;
        for (const j of set) if (j <= i) hessian[i]![j]! += curve * x[i]! * x[j]!;
      }
    }
    return { gradient, hessian };
  }
}

/** Solves a symmetric positive definite system, of which the lower half is given, by Cholesky. */
function solve(lower: readonly number[][], right: readonly number[]): number[] {
  const n = right.length;
  const half = right.map(() => right.map(() => 0));
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = lower[i]![j]!;
      for (let k = 0; k < j; k++) sum -= half[i]![k]! * half[j]![k]!;
      half[i]![j] = i === j ? Math.sqrt(Math.max(sum, 1e-12)) : sum / half[j]![j]!;
    }
  }
  const down = right.map(() => 0);
  for (let i = 0; i < n; i++) {
    let sum = right[i]!;
    for (let k = 0; k < i; k++) sum -= half[i]![k]! * down[k]!;
    down[i] = sum / half[i]![i]!;
  }
  const up = right.map(() => 0);
  for (let i = n - 1; i >= 0; i--) {
    let sum = down[i]!;
    for (let k = i + 1; k < n; k++) sum -= half[k]![i]! * up[k]!;
    up[i] = sum / half[i]![i]!;
  }
  return up;
}
