import { afterAll, beforeAll, expect, test } from "bun:test";

import { createRestAPIClient } from "masto";

import { type House, personOf, startHouse } from "./house.ts";
import { type Shapes, shapesOf } from "./mastodon-shapes.ts";
import { allow, OUT_OF_BAND, picture } from "./mastodon.ts";

/** What the house sends, held against the types that `masto` and `megalodon` declare for it. */

const masto = (name: string) => `import("masto").mastodon.${name}`;
const megalodon = (file: string, name: string) => `import("megalodon/lib/src/mastodon/entities/${file}").${name}`;

let house: House;
let shapes: Shapes;
const answers = new Map<string, unknown>();

beforeAll(async () => {
  house = await startHouse();
  shapes = shapesOf({
    Account: masto("v1.Account"),
    OwnAccount: masto("v1.AccountCredentials"),
    Status: masto("v1.Status"),
    StatusSource: masto("v1.StatusSource"),
    StatusEdit: masto("v1.StatusEdit"),
    Context: masto("v1.Context"),
    Media: masto("v1.MediaAttachment"),
    Poll: masto("v1.Poll"),
    Relationship: masto("v1.Relationship"),
    Notification: masto("v1.Notification"),
    Groups: masto("v1.GroupedNotificationsResults"),
    Instance: masto("v1.Instance"),
    Instance2: masto("v2.Instance"),
    Search: masto("v2.Search"),
    Tag: masto("v1.Tag"),
    List: masto("v1.List"),
    Filter: masto("v2.Filter"),
    Marker: masto("v1.Marker"),
    Report: masto("v1.Report"),
    Scheduled: masto("v1.ScheduledStatus"),
    Preference: masto("v1.Preference"),
    App: masto("v1.Application"),
    Policy: masto("v2.NotificationPolicy"),
    MegaAccount: megalodon("account", "Account"),
    MegaStatus: megalodon("status", "Status"),
    MegaInstance: megalodon("instance", "Instance"),
    MegaNotification: megalodon("notification", "Notification"),
    MegaRelationship: megalodon("relationship", "Relationship"),
    MegaAttachment: megalodon("attachment", "Attachment"),
    MegaPoll: megalodon("poll", "Poll"),
    MegaContext: megalodon("context", "Context"),
    MegaList: megalodon("list", "List"),
    MegaResults: megalodon("results", "Results"),
    MegaPreferences: megalodon("preferences", "Preferences"),
  });
  await gather();
});
afterAll(() => house[Symbol.asyncDispose]());

/** Answers as they come over the wire, by their paths. */
async function gather(): Promise<void> {
  const [annSession, benSession] = [await personOf(house, "ann"), await personOf(house, "ben")];
  const rest = createRestAPIClient({ url: house.url });
  const app = await rest.v1.apps.create({
    clientName: "Shapes",
    redirectUris: OUT_OF_BAND,
    scopes: "read write follow",
  });
  const enter = async (session: string) => {
    const code = await allow(house, session, {
      client_id: app.clientId!,
      redirect_uri: OUT_OF_BAND,
      scope: "read write follow",
    });
    const body = {
      grant_type: "authorization_code",
      code,
      redirect_uri: OUT_OF_BAND,
      client_id: app.clientId!,
      client_secret: app.clientSecret!,
    };
    const answer = await fetch(`${house.url}/oauth/token`, { method: "POST", body: new URLSearchParams(body) });
    return ((await answer.json()) as { access_token: string }).access_token;
  };
  const [ann, ben] = [await enter(annSession), await enter(benSession)];
  const ask = async <T = Record<string, unknown> & { id: string }>(
    name: string,
    token: string,
    path: string,
    init: RequestInit | object = {},
  ) => {
    const request = "body" in init || "method" in init ? (init as RequestInit) : {};
    const answer = await fetch(house.url + path, { ...request, headers: { authorization: `Bearer ${token}` } });
    const body = (await answer.json()) as T;
    if (answer.status > 299) throw new Error(`${path}: ${answer.status} ${JSON.stringify(body)}`);
    answers.set(name, body);
    return body;
  };
  const post = (fields: Record<string, string> | FormData) => ({
    method: "POST",
    body: fields instanceof FormData ? fields : new URLSearchParams(fields),
  });
  const form = new FormData();
  form.append("file", picture(), "grey.bmp");
  form.append("description", "grey");
  const media = await ask("media", ann, "/api/v2/media", post(form));
  const status = await ask(
    "status",
    ann,
    "/api/v1/statuses",
    post({ status: "Hi @ben #tag https://example.org", "media_ids[]": media.id, spoiler_text: "careful" }),
  );
  const poll = await ask<{ id: string; poll: { id: string } }>(
    "with poll",
    ann,
    "/api/v1/statuses",
    post({ status: "?", "poll[options][]": "a", "poll[expires_in]": "3600" }).method === "POST"
      ? {
          method: "POST",
          body: new URLSearchParams([
            ["status", "?"],
            ["poll[options][]", "a"],
            ["poll[options][]", "b"],
            ["poll[expires_in]", "3600"],
          ]),
        }
      : {},
  );
  await ask("poll", ben, `/api/v1/polls/${poll.poll.id}`);
  await ask("quote", ben, "/api/v1/statuses", post({ status: "see", quoted_status_id: status.id }));
  const answer = await ask(
    "comment",
    ben,
    "/api/v1/statuses",
    post({ status: "an answer", in_reply_to_id: status.id }),
  );
  await ask("boost", ben, `/api/v1/statuses/${status.id}/reblog`, { method: "POST" });
  await ask("liked", ben, `/api/v1/statuses/${status.id}/favourite`, { method: "POST" });
  await ask("edited", ann, `/api/v1/statuses/${status.id}`, {
    method: "PUT",
    body: new URLSearchParams({ status: "Hi again" }),
  });
  await ask("history", ann, `/api/v1/statuses/${status.id}/history`);
  await ask("source", ann, `/api/v1/statuses/${status.id}/source`);
  await ask("context", ann, `/api/v1/statuses/${answer.id}/context`);
  await ask("home", ben, "/api/v1/timelines/home");
  const me = await ask("me", ann, "/api/v1/accounts/verify_credentials");
  await ask("account", ben, `/api/v1/accounts/${me.id}`);
  await ask("relationship", ben, `/api/v1/accounts/${me.id}/follow`, { method: "POST" });
  await ask("instance 1", ann, "/api/v1/instance");
  await ask("instance 2", ann, "/api/v2/instance");
  await ask("search", ann, "/api/v2/search?q=ben");
  await ask("tag", ann, "/api/v1/tags/tag");
  await ask("list", ann, "/api/v1/lists", post({ title: "Near" }));
  await ask("filter", ann, "/api/v2/filters", {
    method: "POST",
    body: new URLSearchParams([
      ["title", "t"],
      ["context[]", "home"],
      ["filter_action", "warn"],
      ["keywords_attributes[0][keyword]", "word"],
    ]),
  });
  await ask("report", ben, "/api/v1/reports", post({ account_id: me.id, comment: "x", category: "other" }));
  await ask(
    "scheduled",
    ann,
    "/api/v1/statuses",
    post({ status: "later", scheduled_at: new Date(Date.now() + 7_200_000).toISOString() }),
  );
  await ask("preferences", ann, "/api/v1/preferences");
  await ask("app", ann, "/api/v1/apps/verify_credentials");
  await ask("policy", ann, "/api/v2/notifications/policy");
  for (;;) if ((await ask<unknown[]>("notifications", ann, "/api/v1/notifications")).length >= 5) break;
  const marked = { "home[last_read_id]": status.id, "notifications[last_read_id]": "1" };
  await ask("markers", ann, "/api/v1/markers", post(marked));
  await ask("groups", ann, "/api/v2/notifications");
}

/** Where the clients' declarations are narrower than Mastodon's own documents, or newer than the version that the house speaks. */
const KNOWN = [
  // Null for what no program is known to have written.
  /\.application: is no Application$/,
  // A number in the declarations, a string in the documents and on the wire; what is new in it is for Mastodon's own panel.
  /^OwnAccount\.(source\.)?role/,
  // Null where a house names nobody.
  /\.contact(_account|\.account): is no Account$/,
  // A number in the documents.
  /\.api_versions\.mastodon: is \d+ and not string$/,
  /\.params\.(application_id|id): /,
  // Null where nothing is known.
  /\.thumbnail\.blurhash: is null/,
  /\.posting:default:language: is null/,
  // Of megalodon alone; a quote it has from another server's software.
  /^Mega\w+\.(?:.*\.)?quote\./,
  /^MegaInstance\.configuration\.media_attachments\.video_frame_limit/,
];
const wrongIn = (type: string, value: unknown) =>
  shapes.wrong(type, value).filter((sentence) => !KNOWN.some((known) => known.test(sentence)));

const each = (name: string) => answers.get(name) as unknown[];
const WANTED: [answer: string, type: string, value?: () => unknown][] = [
  ["status", "Status"],
  ["with poll", "Status"],
  ["quote", "Status"],
  ["comment", "Status"],
  ["boost", "Status"],
  ["edited", "Status"],
  ["boost", "MegaStatus"],
  ["status", "MegaStatus"],
  ["source", "StatusSource"],
  ["history", "StatusEdit", () => each("history")[0]],
  ["context", "Context"],
  ["context", "MegaContext"],
  ["media", "Media"],
  ["media", "MegaAttachment"],
  ["poll", "Poll"],
  ["poll", "MegaPoll"],
  ["me", "OwnAccount"],
  ["account", "Account"],
  ["account", "MegaAccount"],
  ["relationship", "Relationship"],
  ["relationship", "MegaRelationship"],
  ["instance 1", "Instance"],
  ["instance 1", "MegaInstance"],
  ["instance 2", "Instance2"],
  ["search", "Search"],
  ["search", "MegaResults"],
  ["tag", "Tag"],
  ["list", "List"],
  ["list", "MegaList"],
  ["filter", "Filter"],
  ["markers", "Marker"],
  ["report", "Report"],
  ["scheduled", "Scheduled"],
  ["preferences", "Preference"],
  ["preferences", "MegaPreferences"],
  ["app", "App"],
  ["policy", "Policy"],
  ["groups", "Groups"],
];

for (const [answer, type, value] of WANTED) {
  test(`MA62: ${answer} has every field of the clients' ${type}`, () => {
    expect(wrongIn(type, value ? value() : answers.get(answer))).toEqual([]);
  });
}

test("MA62: every status of a home, and every notification, has every field too", () => {
  for (const status of each("home")) expect(wrongIn("Status", status)).toEqual([]);
  for (const one of each("notifications")) {
    expect(wrongIn("Notification", one)).toEqual([]);
    expect(wrongIn("MegaNotification", one)).toEqual([]);
  }
});

test("MA62: the check finds what is missing and what is of another kind", () => {
  const { account, ...without } = answers.get("status") as { account: Record<string, unknown> };
  expect(wrongIn("Status", without)).toEqual(["Status.account: is missing"]);
  expect(wrongIn("Status", { ...without, account: { ...account, followers_count: "3" } })[0]).toStartWith(
    "Status.account.followers_count: is",
  );
});
