/** One request as an access log has it. */
export interface LogEntry {
  /** When it came, ms since 1970. */
  at_ms: number;
  method: string;
  /** A route of the house with its braces, or the path of a log of others, before it is matched. */
  path: string;
  status: number;
  /** What it was counted as; null where the log does not say. */
  cost_tokens: number | null;
  person_id: string | null;
  token_id: string | null;
  /** `9`, or `9/guests` of whoever is no member. */
  space_id: string | null;
  /** As the log has it; empty where it does not say. */
  address: string;
  /** ms until it was answered; null where the log does not say. */
  took_ms: number | null;
  /** True where the log's times are whole seconds, so that its place within the second is not known. */
  whole_s: boolean;
}

/** `other`: a line of the log that is no request. `broken`: one that cannot be read. */
export type ReadLine = LogEntry | "other" | "broken";
