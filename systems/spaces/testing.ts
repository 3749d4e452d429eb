import type { MigrationFolder } from "#ports/sql/index.ts";
import type { PeopleNeeds } from "#systems/people/index.ts";
import { type TestHouse, testHouse, type TestPerson } from "#systems/people/testing.ts";

import type { Space } from "./contract.ts";
import { createSpaces, serveSpaces, type Spaces, SPACES_FOLDER } from "./index.ts";

/** A test house with spaces in it, their routes served too. */
export interface TestSpaces extends TestHouse {
  spaces: Spaces;
  /** Opens a space of this slug for its owner, and lets the others in. */
  space(
    slug: string,
    owner: TestPerson,
    members?: TestPerson[],
    settings?: Partial<Pick<Space, "visibility" | "join_policy" | "who_may_post">>,
  ): Promise<Space>;
}

export async function testSpaces(more: MigrationFolder[] = [], needs: Partial<PeopleNeeds> = {}): Promise<TestSpaces> {
  const house = await testHouse([SPACES_FOLDER, ...more], needs);
  const { db, log, caches, people, api } = house;
  const spaces = await createSpaces({ sql: db.sql, log, clock: needs.clock ?? db.clock, ids: db.ids, caches, people });
  serveSpaces(api, spaces);
  const { rooms } = spaces;
  return {
    ...house,
    spaces,
    async space(slug, owner, members = [], settings = {}) {
      await rooms.spaces.create(owner.viewer, {
        slug,
        name: slug,
        description: "",
        visibility: "public",
        join_policy: "open",
        who_may_post: "members",
        ...settings,
      });
      for (const member of members) {
        const { secret } = await rooms.invitations.create(owner.viewer, slug, { uses_max: 1, expires_in_h: 1 });
        await rooms.members.join(member.viewer, slug, secret);
      }
      return rooms.spaces.get(owner.viewer, slug);
    },
    async [Symbol.asyncDispose]() {
      await spaces[Symbol.asyncDispose]();
      await house[Symbol.asyncDispose]();
    },
  };
}
