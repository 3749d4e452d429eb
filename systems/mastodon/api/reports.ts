import { z } from "zod";

import { rfc3339 } from "#kernel/time.ts";
import { moderationRoutes as r } from "#systems/moderation/index.ts";

import { parseFields } from "../wire/fields.ts";
import { zFlag, zList, zSomeId, zWords } from "../wire/shapes.ts";
import { anyone, type Asked, type Desk, person, profileOf, refuse, type Serve } from "./endpoint.ts";
import { findStatus } from "./find.ts";

const STATUSES_MAX = 5;
const zReport = z.object({
  account_id: zSomeId,
  status_ids: zList(zSomeId, 100),
  comment: zWords(5_000),
  forward: zFlag,
  category: zWords(40),
  rule_ids: zList(zSomeId, 20),
});
/** Which rule a category is about, by words of its title, where no rule was chosen. */
const ABOUT: Record<string, RegExp> = { spam: /spam/i, legal: /unlawful|legal|law\b/i };

/** To the moderators of this house, as its own reports go: each thing is one. */
export function serveReports(serve: Serve, desk: Desk): void {
  const rules = async (asked: Asked) => (await asked.call(r.listRules)).items.filter(({ retired }) => !retired);

  serve("GET", "/api/v1/instance/rules", anyone, async (asked) => ({
    body: (await rules(asked)).map(({ id, title, text }) => ({ id, text: title, hint: text, translations: {} })),
  }));

  serve("POST", "/api/v1/reports", person("write:reports"), async (asked) => {
    const said = parseFields(zReport, asked.fields);
    const target = await profileOf(asked, desk, said.account_id);
    const all = await rules(asked);
    const category = ABOUT[said.category ?? ""];
    const rule =
      all.find(({ id }) => said.rule_ids.includes(id)) ??
      (category && all.find(({ title }) => category.test(title))) ??
      all.find(({ title }) => /else|other/i.test(title)) ??
      all.at(-1);
    if (!rule) throw refuse("This house has no rules to report by. Write to its moderators.");
    const body = { rule_id: rule.id, words: (said.comment ?? "").slice(0, 1_000) };
    const reported: { id: string }[] = [];
    for (const id of said.status_ids.slice(0, STATUSES_MAX)) {
      const found = await findStatus(asked, desk, id);
      const subject =
        found.kind === "comment"
          ? ({ kind: "comment", id: found.comment.id } as const)
          : ({ kind: "post", id: found.post.id } as const);
      reported.push(await asked.call(r.report, { body: { ...body, subject } }));
    }
    if (reported.length === 0)
      reported.push(await asked.call(r.report, { body: { ...body, subject: { kind: "person", id: target.id } } }));
    return {
      body: {
        id: reported[0]!.id,
        action_taken: false,
        action_taken_at: null,
        category: said.category ?? "other",
        comment: said.comment ?? "",
        forwarded: false,
        created_at: rfc3339(desk.ground.clock.now()),
        status_ids: said.status_ids,
        rule_ids: [rule.id],
        target_account: await desk.accounts.one(target, asked.origin),
      },
    };
  });
}
