import { z } from "zod";

import type { PersonCard } from "#kernel/cards.ts";
import type { Route } from "#kernel/contract.ts";
import { notFound } from "#kernel/errors.ts";
import type { PersonId } from "#kernel/ids.ts";
import { type Me, peopleRoutes as r } from "#systems/people/index.ts";

import {
  PAGE_ACCOUNTS_DEFAULT,
  PAGE_ACCOUNTS_MAX,
  RELATIONSHIPS_MAX,
  SEARCH_CHARS_MAX,
  SEARCH_RESULTS_MAX,
  UPLOAD_MS_MAX,
} from "../bounds.ts";
import type { AccountEntity } from "../entities/types.ts";
import { listOf, parseFields, readFields } from "../wire/fields.ts";
import { linkHeader, type Reply } from "../wire/reply.ts";
import { zCount, zFlag, zList, zPlace, zSomeId, zWords } from "../wire/shapes.ts";
import {
  type Asked,
  type Desk,
  handleOf,
  orNull,
  person,
  profileOf,
  reader,
  refuse,
  relationships,
  type Serve,
} from "./endpoint.ts";
import { keepFile } from "./media.ts";

const SUGGESTIONS_MAX = 20;
/** Clients ask for one or a screenful; each is a question of its own. */
const FAMILIAR_ASKED_MAX = 20;
const FAMILIAR_SHOWN_MAX = 10;
const zPeople = z.object({ limit: zCount(PAGE_ACCOUNTS_MAX, PAGE_ACCOUNTS_DEFAULT), max_id: zPlace });

/** An account as its owner sees it. */
export async function ownAccount(asked: Asked, { accounts }: Desk, me: Me): Promise<object> {
  const account = await accounts.one({ ...me, suspended: false }, asked.origin);
  const fields = me.links.map(({ label, url }) => ({ name: label, value: url, verified_at: null }));
  return {
    ...account,
    source: {
      privacy: "public",
      sensitive: false,
      language: null,
      note: me.bio,
      fields,
      follow_requests_count: 0,
      hide_collections: false,
      discoverable: true,
      indexable: true,
      attribution_domains: [],
      quote_policy: "public",
    },
    role: {
      id: me.role === "admin" ? "1" : me.role === "moderator" ? "2" : "-99",
      name: me.role === "member" ? "" : me.role,
      permissions: "0",
      color: "",
      highlighted: false,
    },
  };
}

/** A page of people by our cursor, which a client carries on as it is. */
export async function pageOfPeople(
  asked: Asked,
  { accounts }: Desk,
  read: (query: { limit: number; cursor?: string }) => Promise<{ items: PersonCard[]; next_cursor: string | null }>,
): Promise<Reply> {
  const { limit, max_id } = parseFields(zPeople, asked.fields);
  const { items, next_cursor } = await read({ limit, ...(max_id === undefined ? {} : { cursor: max_id }) });
  const known = await accounts.of(items, asked.origin);
  return {
    body: items.map(({ id }) => known.get(id)),
    headers: linkHeader(asked.request.url, asked.origin, {
      next: next_cursor === null ? null : ["max_id", next_cursor],
      prev: null,
    }),
  };
}

export async function searchPeople(
  asked: Asked,
  { accounts, ground }: Desk,
  q: string,
  limit: number,
  following: boolean,
): Promise<AccountEntity[]> {
  const word = q.trim().replace(/^@/, "");
  // A whole address names somebody of this house, or nobody.
  const [name = "", host] = word.split("@", 2);
  if (name === "" || (host !== undefined && host.toLowerCase() !== new URL(asked.origin).host)) return [];
  const query = { q: name.slice(0, 60), limit: Math.min(limit, SUGGESTIONS_MAX) };
  const found =
    asked.viewer.kind === "person" ? (await asked.call(r.suggestPeople, { query })).items : await exactly(asked, name);
  const { follows } = await ground.people.relationsOf(asked.viewer);
  const shown = found.filter(({ id }) => !following || follows.has(id));
  const known = await accounts.of(shown, asked.origin);
  return shown.map(({ id }) => known.get(id)!);
}

const HANDLE = /^[a-z][a-z0-9_]{1,29}$/i;
const exactly = async (asked: Asked, handle: string): Promise<PersonCard[]> => {
  const found = HANDLE.test(handle)
    ? await orNull(["person.not_found"], () => asked.call(r.person, { params: { handle } }))
    : null;
  return found ? [found] : [];
};

export function serveAccounts(serve: Serve, desk: Desk): void {
  const { ground, accounts } = desk;

  /** Does something between the caller and an account, and says what holds then. */
  async function change(asked: Asked, route: Route): Promise<Reply> {
    const handle = await handleOf(desk, asked.params.id!);
    await asked.call(route, { params: { handle } });
    const [relationship] = await relationships(desk, asked.me, [asked.params.id!]);
    if (!relationship) throw notFound("person");
    return { body: relationship };
  }

  serve("GET", "/api/v1/accounts/verify_credentials", person("profile"), async (asked) => ({
    body: await ownAccount(asked, desk, await asked.call(r.me)),
  }));

  serve(
    "PATCH",
    "/api/v1/accounts/update_credentials",
    { ...person("write:accounts"), reads_body: true, ms_max: UPLOAD_MS_MAX },
    async (asked) => {
      let avatar_image_id: string | undefined;
      asked.fields = await readFields(asked.request, async (part) => {
        // A picture behind the name is nothing that this house shows.
        if (part.name !== "avatar" || avatar_image_id !== undefined) return;
        const kept = await keepFile(asked, desk, part);
        if (kept.kind !== "image") throw refuse("Validation failed: Avatar must be a picture");
        if (kept.image.status === "failed")
          throw refuse(kept.image.failure?.detail ?? "Validation failed: Avatar is invalid");
        avatar_image_id = kept.image.id;
      });
      const said = parseFields(
        z.object({ display_name: zWords(200), note: zWords(5_000), locked: zFlag }),
        asked.fields,
      );
      const given = listOf(asked.fields.fields_attributes);
      const links = given.flatMap((field) => {
        const { name = "", value = "" } = (field ?? {}) as { name?: string; value?: string };
        return String(value).trim() === "" ? [] : [{ label: String(name), url: String(value).trim() }];
      });
      if (links.some(({ url }) => !/^https?:\/\//i.test(url)))
        throw refuse("Validation failed: fields of a profile in this house are links; each value begins with https://");
      const me = await asked.call(r.editMe, {
        body: {
          ...(said.display_name === undefined
            ? {}
            : { display_name: said.display_name.trim() === "" ? asked.me.handle : said.display_name }),
          ...(said.note === undefined ? {} : { bio: said.note }),
          ...("fields_attributes" in asked.fields ? { links } : {}),
          ...(said.locked === undefined ? {} : { private: said.locked }),
          ...(avatar_image_id === undefined ? {} : { avatar_image_id }),
        },
      });
      accounts.forget(asked.me.person_id);
      return { body: await ownAccount(asked, desk, me) };
    },
  );

  serve("GET", "/api/v1/accounts/relationships", person("read:follows"), async (asked) => {
    const { id } = parseFields(z.object({ id: zList(zSomeId, RELATIONSHIPS_MAX) }), asked.fields);
    return { body: await relationships(desk, asked.me, [...new Set(id)]) };
  });

  serve("GET", "/api/v1/accounts/familiar_followers", person("read:follows"), async (asked) => {
    const { id } = parseFields(z.object({ id: zList(zSomeId, RELATIONSHIPS_MAX) }), asked.fields);
    const [{ follows, blocked_by }, cards] = await Promise.all([
      ground.people.relations(asked.me.person_id),
      ground.people.cards(id),
    ]);
    const familiar = async (of: PersonId) => {
      const card = cards.get(of);
      // Who follows somebody private or out of sight is nobody else's to know.
      const isOpen = card && !card.suspended && !blocked_by.has(of) && (!card.private || follows.has(of));
      if (!isOpen) return [];
      const among = [...(await ground.people.followersAmong(of, [...follows]))].slice(0, FAMILIAR_SHOWN_MAX);
      const shown = [...(await ground.people.cards(among)).values()].filter(
        (one) => !one.suspended && !blocked_by.has(one.id),
      );
      const known = await accounts.of(shown, asked.origin);
      return shown.map((one) => known.get(one.id)!);
    };
    const body: { id: string; accounts: AccountEntity[] }[] = [];
    for (const [i, one] of id.entries())
      body.push({ id: one, accounts: i < FAMILIAR_ASKED_MAX ? await familiar(one) : [] });
    return { body };
  });

  const zSearch = z.object({
    q: z.string().max(SEARCH_CHARS_MAX).default(""),
    limit: zCount(PAGE_ACCOUNTS_MAX, SEARCH_RESULTS_MAX),
    following: zFlag,
  });
  serve("GET", "/api/v1/accounts/search", person("read:accounts"), async (asked) => {
    const { q, limit, following } = parseFields(zSearch, asked.fields);
    return { body: await searchPeople(asked, desk, q, limit, following === true) };
  });

  serve("GET", "/api/v1/accounts/lookup", reader("read:accounts"), async (asked) => {
    const { acct } = parseFields(z.object({ acct: z.string().max(SEARCH_CHARS_MAX).default("") }), asked.fields);
    const [name = "", host] = acct.replace(/^@/, "").split("@", 2);
    if (!HANDLE.test(name) || (host !== undefined && host.toLowerCase() !== new URL(asked.origin).host))
      throw notFound("person");
    return { body: await accounts.one(await asked.call(r.person, { params: { handle: name } }), asked.origin) };
  });

  serve("GET", "/api/v1/accounts", reader("read:accounts"), async (asked) => {
    const { id } = parseFields(z.object({ id: zList(zSomeId, RELATIONSHIPS_MAX) }), asked.fields);
    const [cards, { blocked_by }] = await Promise.all([
      ground.people.cards(id),
      ground.people.relationsOf(asked.viewer),
    ]);
    const seen = [...cards.values()].filter((card) => !card.suspended && !blocked_by.has(card.id));
    return { body: [...(await accounts.of(seen, asked.origin)).values()] };
  });

  serve("GET", "/api/v1/accounts/:id", reader("read:accounts"), async (asked) => ({
    body: await accounts.one(await profileOf(asked, desk, asked.params.id!), asked.origin),
  }));

  for (const [name, route] of [
    ["followers", r.listFollowers],
    ["following", r.listFollowing],
  ] as const) {
    serve("GET", `/api/v1/accounts/:id/${name}`, reader("read:accounts"), async (asked) => {
      const handle = await handleOf(desk, asked.params.id!);
      return pageOfPeople(asked, desk, (query) =>
        asked.call(route as typeof r.listFollowers, { params: { handle }, query }),
      );
    });
  }
  for (const [name, scope] of [
    ["follow", "write:follows"],
    ["unfollow", "write:follows"],
    ["block", "write:blocks"],
    ["unblock", "write:blocks"],
    ["mute", "write:mutes"],
    ["unmute", "write:mutes"],
  ] as const) {
    serve("POST", `/api/v1/accounts/:id/${name}`, person(scope), (asked) => change(asked, r[name]));
  }

  serve("GET", "/api/v1/blocks", person("read:blocks"), (asked) =>
    pageOfPeople(asked, desk, (query) => asked.call(r.listBlocks, { query })),
  );
  serve("GET", "/api/v1/follow_requests", person("read:follows"), (asked) =>
    pageOfPeople(asked, desk, (query) => asked.call(r.listFollowRequests, { query })),
  );
  for (const [name, route] of [
    ["authorize", r.acceptFollower],
    ["reject", r.removeFollower],
  ] as const)
    serve("POST", `/api/v1/follow_requests/:id/${name}`, person("write:follows"), (asked) => change(asked, route));
  serve("POST", "/api/v1/accounts/:id/remove_from_followers", person("write:follows"), (asked) =>
    change(asked, r.removeFollower),
  );

  serve("DELETE", "/api/v1/profile/avatar", person("write:accounts"), async (asked) => {
    const me = await asked.call(r.editMe, { body: { avatar_image_id: null } });
    accounts.forget(asked.me.person_id);
    return { body: await ownAccount(asked, desk, me) };
  });
  // There is never one.
  serve("DELETE", "/api/v1/profile/header", person("write:accounts"), async (asked) => ({
    body: await ownAccount(asked, desk, await asked.call(r.me)),
  }));

  serve("GET", "/api/v1/mutes", person("read:mutes"), (asked) =>
    pageOfPeople(asked, desk, (query) => asked.call(r.listMutes, { query })),
  );
}
