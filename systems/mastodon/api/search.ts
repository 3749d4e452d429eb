import { z } from "zod";

import { isId } from "#kernel/ids.ts";
import { tagOf } from "#systems/feed/index.ts";

import { SEARCH_CHARS_MAX, SEARCH_RESULTS_MAX } from "../bounds.ts";
import type { AccountEntity, StatusEntity } from "../entities/types.ts";
import { parseFields } from "../wire/fields.ts";
import { zCount, zFlag } from "../wire/shapes.ts";
import { searchPeople } from "./accounts.ts";
import { type Asked, type Desk, orNull, reader, type Serve } from "./endpoint.ts";
import { findStatus, presentFound } from "./find.ts";

const zSearch = z.object({
  q: z.string().max(SEARCH_CHARS_MAX).default(""),
  type: z.string().max(20).optional(),
  limit: zCount(SEARCH_RESULTS_MAX, 20),
  offset: z.coerce.number().int().min(0).default(0),
  following: zFlag,
});

/** People, hashtags, and what an address of this house leads to. Words in posts are found when the house has a search. */
export function serveSearch(serve: Serve, desk: Desk): void {
  serve("GET", "/api/v2/search", reader("read:search"), async (asked) => {
    const { q, type, limit, offset, following } = parseFields(zSearch, asked.fields);
    const word = q.trim();
    const wants = (kind: string) => word !== "" && offset === 0 && (type === undefined || type === "" || type === kind);
    const at = addressIn(word, asked.origin);
    const accounts: AccountEntity[] = at
      ? at.handle !== undefined && wants("accounts")
        ? await searchPeople(asked, desk, at.handle, 1, false)
        : []
      : wants("accounts")
        ? await searchPeople(asked, desk, word, limit, following === true)
        : [];
    const statuses = at?.status !== undefined && wants("statuses") ? await statusAt(asked, desk, at.status) : [];
    const tag = at === null && wants("hashtags") ? tagOf(word) : null;
    const hashtags =
      tag === null
        ? []
        : [
            {
              id: tag,
              name: tag,
              url: `${asked.origin}/tags/${encodeURIComponent(tag)}`,
              history: [],
              following: false,
            },
          ];
    return { body: { accounts, statuses, hashtags } };
  });

  serve("GET", "/api/v1/tags/:name", reader("read:follows"), async (asked) => {
    const name = tagOf(asked.params.name!) ?? asked.params.name!.slice(0, 64);
    return {
      body: { id: name, name, url: `${asked.origin}/tags/${encodeURIComponent(name)}`, history: [], following: false },
    };
  });
}

/** A post's or a person's address on this house's page, as somebody may paste it. */
function addressIn(word: string, origin: string): { handle?: string; status?: string } | null {
  if (!/^https?:\/\//i.test(word)) return null;
  if (!URL.canParse(word)) return {};
  const { host, pathname, hash } = new URL(word);
  if (host !== new URL(origin).host) return {};
  const handle = /^\/@(\w{1,30})\/?$/.exec(pathname)?.[1];
  const post = /^\/posts\/(\d{1,19})\/?$/.exec(pathname)?.[1];
  const comment = /^#comment-(\d{1,19})$/.exec(hash)?.[1];
  return { ...(handle === undefined ? {} : { handle }), ...(post === undefined ? {} : { status: comment ?? post }) };
}

async function statusAt(asked: Asked, desk: Desk, id: string): Promise<StatusEntity[]> {
  const found = isId(id) ? await orNull(["status.not_found"], () => findStatus(asked, desk, id)) : null;
  return found ? [await presentFound(asked, desk, found)] : [];
}
