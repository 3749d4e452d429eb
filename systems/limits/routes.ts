import type { Api } from "#ports/http/index.ts";

import { limitsRoutes as r } from "./contract.ts";
import type { Limits } from "./index.ts";

const ok = <B>(body: B) => ({ status: 200, body }) as const;

/** Parse → may they? → do → present. No SQL, no rules. */
export function serveLimits(api: Api, { rooms }: Limits): void {
  const { sets, tiers, decisions, refusals, check } = rooms;
  api.serve(r.inForce, async () => ok(await sets.inForce()));
  api.serve(r.listSets, async ({ query }) => ok(await sets.list(query)));
  api.serve(r.getSet, async ({ params }) => ok(await sets.get(params.version)));
  api.serve(r.createSet, async ({ viewer, body }) => ({ status: 201, body: await sets.create(viewer, body) }));
  api.serve(r.changeSet, async ({ viewer, params, body }) => ok(await sets.change(viewer, params.version, body)));
  api.serve(r.discardSet, async ({ params }) => (await sets.discard(params.version), { status: 204 }));
  api.serve(r.publishSet, async ({ viewer, params, body }) => ok(await sets.publish(viewer, params.version, body)));
  api.serve(r.diffSets, async ({ query }) => ok(await sets.diff(query.from, query.to)));
  api.serve(r.listTiers, async ({ query }) => ok(await tiers.list(query)));
  api.serve(r.getTier, async ({ params }) => {
    const found = await tiers.get(params.kind, params.name);
    return ok({ ...found, refusals: await refusals.of(params.kind, found.now.subject_id) });
  });
  api.serve(r.giveTier, async ({ viewer, params, body }) =>
    ok(await tiers.give(viewer, params.kind, params.name, body)),
  );
  api.serve(r.decisions, async ({ query }) => ok(await decisions.list(query.minutes)));
  api.serve(r.check, async ({ viewer, body }) => ok({ items: await check.run(viewer, body.namespace, body.items) }));
}
