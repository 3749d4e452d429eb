import { forbidden, notFound } from "#kernel/errors.ts";
import type { SpaceId } from "#kernel/ids.ts";
import type { SignedIn } from "#kernel/viewer.ts";

import type { Ground, Home } from "./needs.ts";
import { mayManage } from "./policy.ts";

type Needs = Pick<Ground, "spaces">;

async function ask({ spaces }: Needs, viewer: SignedIn, home: Home) {
  const { role: house_role, suspended, bot = false } = viewer;
  const space_role = home === null ? null : ((await spaces.membershipsOf(viewer.person_id)).get(home) ?? null);
  return { house_role, space_role, suspended, bot };
}

/**
 * The home that a slug names, for who looks after its programs.
 * @throws Problem 404 `space.not_found` for who is not in it, 403 `hooks.not_yours`
 */
export async function homeOf(needs: Needs, viewer: SignedIn, slug: string | undefined): Promise<Home> {
  if (slug === undefined) {
    if (!mayManage(await ask(needs, viewer, null), "house")) throw notYours();
    return null;
  }
  const space = await needs.spaces.find(slug);
  const asker = space && (await ask(needs, viewer, space.id));
  if (!space || !asker || asker.space_role === null) throw notFound("space");
  if (!mayManage(asker, "space")) throw notYours();
  return space.id;
}

/** The same of something that is there already: who may not look after it does not learn of it. @throws Problem 404 */
export async function managed(needs: Needs, viewer: SignedIn, home: Home, what: string): Promise<void> {
  if (!mayManage(await ask(needs, viewer, home), home === null ? "house" : "space")) throw notFound(what);
}

export async function slugOf({ spaces }: Needs, id: SpaceId): Promise<string> {
  const card = (await spaces.cards([id])).get(id);
  if (!card) throw notFound("space");
  return card.slug;
}

const notYours = () =>
  forbidden(
    "Programs of a space are looked after by its owner and admins, those of the house by its admins.",
    "hooks.not_yours",
  );
