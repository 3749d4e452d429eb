import type { Api } from "#ports/http/index.ts";

import { moderationRoutes as r } from "./contract.ts";
import type { Moderation } from "./index.ts";
import { serveShields } from "./shields/routes.ts";

/** Parse → may they? → do → present. No SQL, no rules. */
export function serveModeration(api: Api, { rooms, shields }: Moderation): void {
  serveConcerned(api, rooms);
  serveDesk(api, rooms);
  serveAdmin(api, rooms);
  serveShields(api, shields);
}

type Rooms = Moderation["rooms"];

/** Of everybody: rules, reports, and what was done to oneself. */
function serveConcerned(api: Api, { rules, reports, desk, appeals, summary }: Rooms): void {
  api.serve(r.listRules, async () => ({ status: 200, body: { items: await rules.living() } }));
  api.serve(r.summary, async () => ({ status: 200, body: await summary() }));
  api.serve(r.report, async ({ viewer, body }) => ({ status: 201, body: await reports.report(viewer, body) }));
  api.serve(r.myReports, async ({ viewer, query }) => ({ status: 200, body: await reports.mine(viewer, query) }));
  api.serve(r.myActs, async ({ viewer, query }) => ({ status: 200, body: await desk.mine(viewer, query) }));
  api.serve(r.acknowledge, async ({ viewer, params }) => {
    await appeals.acknowledge(viewer, params.id);
    return { status: 204 };
  });
  api.serve(r.appeal, async ({ viewer, params, body }) => {
    await appeals.appeal(viewer, params.id, body.words);
    return { status: 201, body: await desk.act(viewer, params.id) };
  });
  api.serve(r.waiting, async ({ viewer }) => ({ status: 200, body: await desk.waiting(viewer) }));
}

/** Of moderators, of the house and of spaces. */
function serveDesk(api: Api, { cases, desk, acts, appeals }: Rooms): void {
  api.serve(r.listCases, async ({ viewer, query }) => ({ status: 200, body: await desk.queue(viewer, query) }));
  api.serve(r.openCase, async ({ viewer, body }) => {
    const id = await cases.open(viewer, body.subject);
    return { status: 200, body: await desk.whole(viewer, id) };
  });
  api.serve(r.getCase, async ({ viewer, params }) => ({ status: 200, body: await desk.whole(viewer, params.id) }));
  api.serve(r.claimCase, async ({ viewer, params }) => {
    await cases.claim(viewer, params.id);
    return { status: 200, body: await desk.whole(viewer, params.id) };
  });
  api.serve(r.releaseCase, async ({ viewer, params }) => {
    await cases.release(viewer, params.id);
    return { status: 200, body: await desk.whole(viewer, params.id) };
  });
  api.serve(r.noteCase, async ({ viewer, params, body }) => {
    await cases.note(viewer, params.id, body.words);
    return { status: 200, body: await desk.whole(viewer, params.id) };
  });
  api.serve(r.act, async ({ viewer, params, body }) => {
    await cases.act(viewer, params.id, body);
    return { status: 200, body: await desk.whole(viewer, params.id) };
  });
  api.serve(r.closeCase, async ({ viewer, params, body }) => {
    await cases.close(viewer, params.id, body.answer);
    return { status: 200, body: await desk.whole(viewer, params.id) };
  });
  api.serve(r.undo, async ({ viewer, params, body }) => {
    await acts.undo(viewer, params.id, body.words);
    return { status: 200, body: await desk.act(viewer, params.id) };
  });
  api.serve(r.listAppeals, async ({ viewer, query }) => ({ status: 200, body: await desk.appeals(viewer, query) }));
  api.serve(r.decideAppeal, async ({ viewer, params, body }) => {
    await appeals.decide(viewer, params.id, body);
    return { status: 200, body: await desk.act(viewer, params.id) };
  });
}

function serveAdmin(api: Api, { audit, rules }: Rooms): void {
  api.serve(r.listAudit, async ({ query }) => ({ status: 200, body: await audit.list(query) }));
  api.serve(r.exportAudit, async ({ query }) => ({
    response: new Response(await audit.lines(query.after), {
      headers: {
        "content-type": "application/x-ndjson",
        "content-disposition": 'attachment; filename="audit.jsonl"',
        "cache-control": "no-store",
      },
    }),
  }));
  api.serve(r.checkAudit, async ({ signal }) => ({ status: 200, body: await audit.check(signal) }));
  api.serve(r.createRule, async ({ viewer, body }) => ({ status: 201, body: await rules.create(viewer, body) }));
  api.serve(r.editRule, async ({ viewer, params, body }) => ({
    status: 200,
    body: await rules.edit(viewer, params.id, body),
  }));
  api.serve(r.retireRule, async ({ viewer, params }) => {
    await rules.retire(viewer, params.id);
    return { status: 204 };
  });
}
