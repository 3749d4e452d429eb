/**
 * What a simulation tells, and how one talks with it in a browser: there it runs in a worker of its own, which the page gives a
 * file and rules, and the file never leaves the machine. Types and numbers only.
 */

/** A route as a request may be counted: doors have `*` as their method. */
export interface SimulatedRoute {
  method: string;
  path: string;
  cost_tokens: number;
}

export interface TimelinePoint {
  at_ms: number;
  requests: number;
  refused_in_force: number;
  refused_proposed: number;
}

/** Somebody, or a limit's key, with how they fared. Addresses are shortened. */
export interface SimulatedKey {
  key: string;
  /** Refused requests: at least so many, and at most `error` more. */
  refused: number;
  error: number;
  first_at_ms: number;
  last_at_ms: number;
  /** From a first refusal to the next request that passed, or to the last refusal; the longest of these. */
  longest_out_ms: number;
}

/** How one rule set did. */
export interface SimulatedSide {
  /** Requests refused; each is counted once, under the rule that had it wait longest. */
  refused: number;
  /** Requests that rules on trial would have refused, and did not. */
  would_refuse: number;
  /** Who was refused: people, or addresses of those who are nobody here. More than that where `who_exact` is false. */
  who: number;
  who_exact: boolean;
  first_at_ms: number | null;
  longest_out_ms: number;
  by_level: Record<string, number>;
  by_rule: { rule: string; level: string; refused: number; would_refuse: number }[];
  by_route: { route: string; refused: number; requests: number }[];
  /** The most refused first. */
  busiest: SimulatedKey[];
  /** The same by the limit's key: whose bucket was empty. */
  keys: SimulatedKey[];
}

export interface SimulationReport {
  log: {
    lines: number;
    requests: number;
    other: number;
    broken: number;
    first_broken_line: number | null;
    too_long: number;
    cut: boolean;
    bytes: number;
    first_at_ms: number | null;
    last_at_ms: number | null;
    disordered: number;
    late: number;
    late_ms_max: number;
    whole_seconds: boolean;
    /** Answered with 429 when it happened. */
    refused_then: number;
    /** No rule set counts them: files, media, health, and the ways in, which have limits of their own. */
    uncounted: number;
    /** Of no route that the house has; counted with one token. */
    unknown_routes: number;
    /** Requests that say whose they are, by which credential, in which space, from where. */
    says: { person: number; token: number; space: number; address: number };
  };
  /** Requests that were replayed. */
  requests: number;
  in_force: SimulatedSide;
  proposed: SimulatedSide;
  /** What the change would bring. */
  change: {
    /** Requests that only one of both refuses. */
    newly_refused: number;
    no_longer_refused: number;
    /** Those whom only the proposed rules refuse, and never those in force. */
    newly: SimulatedKey[];
    newly_count: number;
    newly_exact: boolean;
  };
  timeline: TimelinePoint[];
  timeline_step_ms: number;
}

/** To the worker. */
export interface SimulateAsked {
  file: Blob;
  proposed: unknown;
  in_force: unknown;
  /** Those of the house, as `METHOD /path`, and what each costs where that is not one token. */
  routes: string[];
  costs: Record<string, number>;
  /** Routes that no rule set touches. */
  apart: string[];
  /** Tiers that people and spaces were given, by id; everybody else is free. */
  grants: { people: [string, SimulatedGrant][]; spaces: [string, SimulatedGrant][] };
}

export interface SimulatedGrant {
  tier: "free" | "pro" | "enterprise" | "custom";
  percent: number | null;
}

/** From it. */
export type SimulateSaid =
  | { said: "progress"; lines: number; bytes: number }
  | { said: "rules"; troubles: { pointer: string; detail: string }[] }
  | { said: "done"; report: SimulationReport }
  | { said: "failed"; detail: string };
