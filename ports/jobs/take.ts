import type { JsonObject } from "#kernel/json.ts";
import type { Query } from "#ports/sql/index.ts";

import { LEASE_JOBS_MIN } from "./bounds.ts";
import type { JobClass } from "./index.ts";
import { type Claimed, type Lane, type Lease, list } from "./store.ts";

export interface ClaimKinds {
  names: string[];
  /** Where in each kind's order to begin. */
  floors: string[];
  room: number[];
  lease_ms: number[];
  tenant_max: number[];
  /** What one tenant may have of it beyond its room. */
  tenant_ahead: number[];
  /** Whether many of it may be claimed as a group. */
  grouped: boolean[];
}

/** How many more jobs of the class these tenants may have on this node, and each of the others. */
export interface ClaimTenants {
  names: string[];
  rooms: number[];
  others: number;
}

export interface ClaimedMany {
  jobs: Claimed[];
  more: boolean;
  /** Lanes into which this sent jobs. */
  lanes: Lane[];
  /** Where the first of a kind lies that was left for its tenant's sake. */
  left: { kind: string; sort_at: string }[];
}

type Row = Omit<Claimed, "id" | "lease"> & { id: string | null; ids?: string | null; payloads?: string | null };

export async function claim(
  tx: Query,
  array: (values: (string | number)[], type: "TEXT" | "INT") => unknown,
  of_class: JobClass,
  kinds: ClaimKinds,
  tenants: ClaimTenants,
  wanted: number,
): Promise<ClaimedMany> {
  const names = array(kinds.names, "TEXT");
  const floors = array(kinds.floors, "TEXT");
  const room = array(kinds.room, "INT");
  const lease_ms = array(kinds.lease_ms, "INT");
  const tenant_max = array(kinds.tenant_max, "INT");
  const tenant_ahead = array(kinds.tenant_ahead, "INT");
  const tenant_names = array(tenants.names, "TEXT");
  const tenant_rooms = array(tenants.rooms, "INT");
  const rows =
    wanted < LEASE_JOBS_MIN || !kinds.grouped.includes(true)
      ? await tx<Row[]>`
        SELECT * FROM jobs_take(${of_class}, ${names}, ${floors}::timestamptz[], ${room}, ${lease_ms}, ${tenant_max},
          ${tenant_ahead}, ${tenant_names}, ${tenant_rooms}, ${tenants.others}::int, ${wanted}::int)`
      : await tx<Row[]>`
        SELECT * FROM jobs_take_many(${of_class}, ${names}, ${floors}::timestamptz[], ${room}, ${lease_ms}, ${tenant_max},
          ${tenant_ahead}, ${tenant_names}, ${tenant_rooms}, ${tenants.others}::int, ${list(kinds.grouped)}::boolean[], ${LEASE_JOBS_MIN}::int, ${wanted}::int)`;
  const jobs: Claimed[] = [];
  const lanes: Lane[] = [];
  const left: ClaimedMany["left"] = [];
  let more = false;
  for (const row of rows) {
    if (row.id !== null) jobs.push({ ...row, id: row.id, lease: null });
    else if (row.token !== null) jobs.push(...claimedOf(row));
    else if (row.sort_at !== null) left.push({ kind: row.kind, sort_at: row.sort_at });
    else {
      more = true;
      if (row.tenant !== null) lanes.push({ kind: row.kind, tenant: row.tenant });
    }
  }
  return { jobs, more: more || jobs.length === wanted, lanes, left };
}

function claimedOf({ ids, payloads, token, kind, sort_at }: Row): Claimed[] {
  const each = ids!.split(",");
  const payloads_of = JSON.parse(payloads!) as JsonObject[];
  const lease = { token, left: each.length };
  return each.map((id, at) => new OfLease(id, kind, payloads_of[at]!, sort_at, lease, at));
}

class OfLease implements Claimed {
  readonly slot = NO_SLOT;
  readonly tenant = null;
  readonly attempt = 1;
  readonly cursor = null;
  readonly told = false;
  readonly expired = false;
  apart = false;
  readonly id: string;
  readonly kind: string;
  readonly payload: JsonObject;
  readonly sort_at: string;
  readonly lease: Lease;
  readonly at: number;

  constructor(id: string, kind: string, payload: JsonObject, sort_at: string, lease: Lease, at: number) {
    this.id = id;
    this.kind = kind;
    this.payload = payload;
    this.sort_at = sort_at;
    this.lease = lease;
    this.at = at;
  }

  /** The n-th job of a lease has the token `lease + n - 1`. Seldom asked for: mostly a lease ends as a whole. */
  get token(): string {
    return String(BigInt(this.lease.token) + BigInt(this.at));
  }
}

const NO_SLOT = -1;
