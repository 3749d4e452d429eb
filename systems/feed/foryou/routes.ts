import { rfc3339 } from "#kernel/time.ts";
import type { Api } from "#ports/http/index.ts";

import { feedRoutes as r } from "../contract.ts";
import type { Reader } from "../reading/reader.ts";
import type { ForYou } from "./index.ts";
import { OUTCOME_VALUE, OUTCOMES } from "./model.ts";
import { modelInPlace } from "./refresh.ts";
import * as settings from "./settings.ts";
import { findModel } from "./store.ts";
import type { TrainReport } from "./train.ts";

/** Parse → may they? → do → present. */
export function serveForYou(api: Api, { ground, queues }: ForYou, reader: Reader): void {
  api.serve(r.forYouFeed, async ({ viewer, query, signal }) => {
    await queues.enter(viewer.person_id);
    return {
      status: 200,
      json: await reader.list(viewer, () => queues.skeleton(viewer.person_id), query, "timeline", signal),
    };
  });
  api.serve(r.forYouWhy, async ({ viewer, params }) => {
    await queues.enter(viewer.person_id);
    await reader.post(viewer, params.id);
    return { status: 200, body: await settings.reasonsFor(ground, viewer.person_id, params.id) };
  });
  api.serve(r.forYouSettings, async ({ viewer }) => ({
    status: 200,
    body: await settings.settingsOf(ground, viewer.person_id),
  }));
  api.serve(r.setForYouSettings, async ({ viewer, body }) => {
    await settings.switchFor(ground, viewer.person_id, body.on);
    return { status: 200, body: await settings.settingsOf(ground, viewer.person_id) };
  });
  api.serve(r.lessForYou, async ({ viewer, body }) => {
    const { post } = await reader.post(viewer, body.post_id);
    return { status: 201, body: await settings.askLess(ground, viewer.person_id, post, body.kind) };
  });
  api.serve(r.undoLessForYou, async ({ viewer, params }) => {
    await settings.undoLess(ground, viewer.person_id, params.kind, params.id);
    return { status: 204 };
  });
  api.serve(r.listLessForYou, async ({ viewer, query }) => ({
    status: 200,
    body: await settings.listLess(ground, viewer.person_id, query),
  }));
  api.serve(r.forYouModel, async () => {
    const model = await modelInPlace(ground.sql.pool);
    const row = model.version === 0 ? null : await findModel(ground.sql.pool, model.version);
    const weights = OUTCOMES.map((outcome) => {
      const { bias, of } = model.weights[outcome];
      return { outcome, worth: OUTCOME_VALUE[outcome], bias, weights: of as Record<string, number> };
    });
    const report = row ? (row.report as TrainReport) : null;
    return { status: 200, body: { version: model.version, made_at: row && rfc3339(row.made_at), weights, report } };
  });
  api.serve(r.setForYouHouse, async ({ viewer, body }) => {
    await settings.switchForHouse(ground, viewer.person_id, body.on);
    return { status: 200, body: { on: body.on } };
  });
}
