import { describe, expect, test } from "bun:test";

import { type HouseRole, NOBODY, SCOPES, SPACE_ROLES, type SpaceRole, type Viewer } from "#kernel/viewer.ts";
import { AUDIENCES } from "#kernel/wire.ts";

import {
  type Action,
  ACTIONS,
  may,
  NO_RELATIONS,
  NO_SPACES,
  type Relations,
  type Resource,
  type ViewerFacts,
} from "./may.ts";

const ME = "1";
const THEM = "2";
const SPACE = "9";

const person = (more: { role?: HouseRole; suspended?: boolean } = {}): Viewer => ({
  kind: "person",
  person_id: ME,
  handle: "me",
  role: "member",
  suspended: false,
  credential: { kind: "session", id: "5" },
  scopes: SCOPES,
  ...more,
});
const facts = (
  viewer: Viewer,
  relations: (keyof Relations)[] = [],
  space_role: SpaceRole | null = null,
): ViewerFacts => ({
  viewer,
  relations: { ...NO_RELATIONS, ...Object.fromEntries(relations.map((side) => [side, new Set([THEM])])) },
  spaces: space_role ? new Map([[SPACE, space_role]]) : NO_SPACES,
});
const post = (more: Partial<Resource> = {}): Resource => ({
  kind: "post",
  owner_id: THEM,
  audience: "public",
  space_id: null,
  ...more,
});
const inSpace = (more: Partial<Resource> = {}): Resource =>
  post({ audience: "space", space_id: SPACE, space_visibility: "private", ...more });
const space = (more: Partial<Resource> = {}): Resource => ({
  kind: "space",
  owner_id: THEM,
  audience: "public",
  space_id: SPACE,
  space_visibility: "public",
  ...more,
});
const profile = (more: Partial<Resource> = {}): Resource => ({
  kind: "person",
  owner_id: THEM,
  audience: "public",
  space_id: null,
  ...more,
});

const nobody = facts(NOBODY);
const me = facts(person());
const follower = facts(person(), ["follows"]);
const suspended = facts(person({ suspended: true }), ["follows"], "owner");
const houseAdmin = facts(person({ role: "admin" }));
const houseModerator = facts(person({ role: "moderator" }));
const as = (role: SpaceRole) => facts(person(), [], role);

/** who, does what, to what, and why the answer is as it is. */
const TABLE: [string, ViewerFacts, Action, Resource, "yes" | "no", string][] = [
  ["nobody reads what is public", nobody, "read", post(), "yes", "public"],
  ["nobody reads nothing for followers", nobody, "read", post({ audience: "followers" }), "no", "not_follower"],
  ["nobody reads nothing of a space", nobody, "read", inSpace(), "no", "not_member"],
  ["nobody reads nothing private", nobody, "read", post({ audience: "private" }), "no", "private"],
  [
    "nobody reads nothing public in a private space",
    nobody,
    "read",
    inSpace({ audience: "public" }),
    "no",
    "not_member",
  ],
  ["nobody likes nothing", nobody, "like", post(), "no", "signed_out"],
  ["nobody comments on nothing", nobody, "comment", post(), "no", "signed_out"],
  ["a follower reads what is for followers", follower, "read", post({ audience: "followers" }), "yes", "you_follow"],
  ["nobody reads a private person", nobody, "read", post({ owner_private: true }), "no", "private_account"],
  ["who does not follow reads no private person", me, "read", post({ owner_private: true }), "no", "private_account"],
  ["a follower reads a private person", follower, "read", post({ owner_private: true }), "yes", "you_follow"],
  ["a follower passes no private person on", follower, "repost", post({ owner_private: true }), "no", "not_public"],
  ["who does not follow likes no private person", me, "like", post({ owner_private: true }), "no", "private_account"],
  [
    "a member reads what a private person puts before the space",
    as("member"),
    "read",
    inSpace({ audience: "public", space_visibility: "public", owner_private: true }),
    "yes",
    "member",
  ],
  ["who does not follow does not", me, "read", post({ audience: "followers" }), "no", "not_follower"],
  ["a follower does not read what is private", follower, "read", post({ audience: "private" }), "no", "private"],
  ["a house admin does not read what is private", houseAdmin, "read", post({ audience: "private" }), "no", "private"],
  [
    "a house admin does not read what is for followers",
    houseAdmin,
    "read",
    post({ audience: "followers" }),
    "no",
    "not_follower",
  ],
  ["a house admin does not look into a private space", houseAdmin, "read", inSpace(), "no", "not_member"],
  ["a member reads what is for the space", as("member"), "read", inSpace(), "yes", "member"],
  [
    "a member reads what is for the space in a public one",
    as("member"),
    "read",
    inSpace({ space_visibility: "public" }),
    "yes",
    "member",
  ],
  [
    "who is no member does not, though the space is public",
    me,
    "read",
    inSpace({ space_visibility: "public" }),
    "no",
    "not_member",
  ],
  [
    "anybody reads what is public in a public space",
    me,
    "read",
    inSpace({ audience: "public", space_visibility: "public" }),
    "yes",
    "public",
  ],
  [
    "an audience of a space without one is nobody's",
    as("owner"),
    "read",
    post({ audience: "space" }),
    "no",
    "not_member",
  ],
  [
    "followers of a member do not see into a private space",
    follower,
    "read",
    inSpace({ audience: "followers" }),
    "no",
    "not_member",
  ],
  ["the deleted is gone for its owner", me, "read", post({ owner_id: ME, deleted: true }), "no", "deleted"],
  ["the deleted is gone for house admins", houseAdmin, "delete", post({ deleted: true }), "no", "deleted"],
  ["an owner reads what is private", me, "read", post({ owner_id: ME, audience: "private" }), "yes", "own"],
  ["who blocked me hides from me", facts(person(), ["blocked_by"]), "read", post(), "no", "blocked_by_owner"],
  [
    "who blocked a house admin hides from them",
    facts(person({ role: "admin" }), ["blocked_by"]),
    "read",
    post(),
    "no",
    "blocked_by_owner",
  ],
  ["whom I block is hidden from me", facts(person(), ["blocks"]), "read", post(), "no", "you_block_owner"],
  [
    "a block beats a follow",
    facts(person(), ["follows", "blocked_by"]),
    "read",
    post({ audience: "followers" }),
    "no",
    "blocked_by_owner",
  ],
  [
    "a block holds inside a space",
    facts(person(), ["blocked_by"], "owner"),
    "read",
    inSpace(),
    "no",
    "blocked_by_owner",
  ],
  ["a mute hides nothing: it is a matter of feeds", facts(person(), ["mutes"]), "read", post(), "yes", "public"],
  ["the suspended are hidden", me, "read", post({ owner_suspended: true }), "no", "owner_suspended"],
  [
    "the suspended are hidden from their followers",
    follower,
    "read",
    post({ owner_suspended: true, audience: "followers" }),
    "no",
    "owner_suspended",
  ],
  [
    "the suspended are not hidden from house admins",
    houseAdmin,
    "read",
    post({ owner_suspended: true }),
    "yes",
    "public",
  ],
  [
    "the suspended are not hidden from house moderators",
    houseModerator,
    "read",
    post({ owner_suspended: true }),
    "yes",
    "public",
  ],
  [
    "a suspended admin is no admin",
    facts(person({ role: "admin", suspended: true })),
    "read",
    post({ owner_suspended: true }),
    "no",
    "owner_suspended",
  ],
  [
    "the suspended read what is their own",
    suspended,
    "read",
    post({ owner_id: ME, owner_suspended: true }),
    "yes",
    "own",
  ],
  ["the suspended read what is public", suspended, "read", post(), "yes", "public"],
  ["the suspended read their own", suspended, "read", post({ owner_id: ME, audience: "private" }), "yes", "own"],
  ["a follow opens nothing to the suspended", suspended, "read", post({ audience: "followers" }), "no", "not_follower"],
  ["a membership opens nothing to the suspended", suspended, "read", inSpace(), "no", "not_member"],
  ["the suspended do not like", suspended, "like", post(), "no", "viewer_suspended"],
  ["the suspended do not edit their own", suspended, "edit", post({ owner_id: ME }), "no", "viewer_suspended"],
  ["the suspended do not delete their own", suspended, "delete", post({ owner_id: ME }), "no", "viewer_suspended"],
  ["the suspended do not manage their space", suspended, "manage_space", space(), "no", "viewer_suspended"],
  ["an owner edits", me, "edit", post({ owner_id: ME }), "yes", "own"],
  ["nobody else edits, house admins neither", houseAdmin, "edit", post(), "no", "not_own"],
  ["an owner who left the space does not edit there", me, "edit", inSpace({ owner_id: ME }), "no", "not_member"],
  ["an owner who left the space deletes there", me, "delete", inSpace({ owner_id: ME }), "yes", "own"],
  ["an owner who left the space reads there", me, "read", inSpace({ owner_id: ME }), "yes", "own"],
  ["an owner who left the space does not comment there", me, "comment", inSpace({ owner_id: ME }), "no", "not_member"],
  ["others do not delete", follower, "delete", post(), "no", "not_own"],
  ["house moderators delete", houseModerator, "delete", post(), "yes", "house_moderator"],
  [
    "house moderators delete what they may not read",
    facts(person({ role: "moderator" }), ["blocked_by"]),
    "delete",
    post(),
    "yes",
    "house_moderator",
  ],
  ["house admins delete in spaces", houseAdmin, "delete", inSpace(), "yes", "house_moderator"],
  ["house admins do not delete what is private", houseAdmin, "delete", post({ audience: "private" }), "no", "private"],
  ["house admins do not delete people by this road", houseAdmin, "delete", profile(), "no", "not_own"],
  ["a space's moderators delete in it", as("moderator"), "delete", inSpace(), "yes", "space_moderator"],
  [
    "a space's moderators delete there what blocks them",
    facts(person(), ["blocked_by"], "moderator"),
    "delete",
    inSpace(),
    "yes",
    "space_moderator",
  ],
  ["a space's members do not", as("member"), "delete", inSpace(), "no", "not_own"],
  ["a space's moderators delete nothing elsewhere", as("owner"), "delete", post(), "no", "not_own"],
  ["who may read may like", follower, "like", post({ audience: "followers" }), "yes", "you_follow"],
  ["who may read may comment", as("member"), "comment", inSpace(), "yes", "member"],
  ["who may not read may not comment", me, "comment", post({ audience: "followers" }), "no", "not_follower"],
  ["who may read may bookmark", follower, "bookmark", post({ audience: "followers" }), "yes", "you_follow"],
  ["what is public is passed on", me, "repost", post(), "yes", "public"],
  ["what is for followers is not", follower, "repost", post({ audience: "followers" }), "no", "not_public"],
  [
    "what is public in a private space is not",
    as("member"),
    "repost",
    inSpace({ audience: "public" }),
    "no",
    "not_public",
  ],
  ["a profile is public", nobody, "read", profile(), "yes", "public"],
  [
    "the profile of who blocked me is hidden",
    facts(person(), ["blocked_by"]),
    "read",
    profile(),
    "no",
    "blocked_by_owner",
  ],
  ["the profile of whom I block is shown, to undo it", facts(person(), ["blocks"]), "read", profile(), "yes", "public"],
  ["the profile of the suspended is hidden", me, "read", profile({ owner_suspended: true }), "no", "owner_suspended"],
  ["what moderators hid is not read", me, "read", post({ hidden: true }), "no", "hidden"],
  ["nor by nobody", nobody, "read", post({ hidden: true }), "no", "hidden"],
  ["nor by followers", follower, "read", post({ hidden: true, audience: "followers" }), "no", "hidden"],
  ["nor liked", me, "like", post({ hidden: true }), "no", "hidden"],
  ["nor commented on", me, "comment", post({ hidden: true }), "no", "hidden"],
  ["its author reads it", me, "read", post({ hidden: true, owner_id: ME }), "yes", "own"],
  ["and does not pass it on", me, "repost", post({ hidden: true, owner_id: ME }), "no", "hidden"],
  ["house moderators read it", houseModerator, "read", post({ hidden: true }), "yes", "public"],
  [
    "as far as they could before",
    houseModerator,
    "read",
    post({ hidden: true, audience: "followers" }),
    "no",
    "not_follower",
  ],
  ["a space's moderators read it", as("moderator"), "read", inSpace({ hidden: true }), "yes", "member"],
  ["its members do not", as("member"), "read", inSpace({ hidden: true }), "no", "hidden"],
  ["a suspended officer of the space does not", suspended, "read", inSpace({ hidden: true }), "no", "hidden"],
  [
    "nor a suspended moderator of the house",
    facts(person({ role: "moderator", suspended: true })),
    "read",
    post({ hidden: true }),
    "no",
    "hidden",
  ],
  ["I follow others", me, "follow", profile(), "yes", "public"],
  ["I do not follow myself", me, "follow", profile({ owner_id: ME }), "no", "yourself"],
  ["I do not follow who blocked me", facts(person(), ["blocked_by"]), "follow", profile(), "no", "blocked_by_owner"],
  ["I do not follow whom I block", facts(person(), ["blocks"]), "follow", profile(), "no", "you_block_owner"],
  ["I do not follow the suspended", me, "follow", profile({ owner_suspended: true }), "no", "owner_suspended"],
  ["I do not mention who blocked me", facts(person(), ["blocked_by"]), "mention", profile(), "no", "blocked_by_owner"],
  ["a public space is seen", nobody, "read", space(), "yes", "public"],
  [
    "a private one is not",
    houseAdmin,
    "read",
    space({ audience: "space", space_visibility: "private" }),
    "no",
    "not_member",
  ],
  [
    "a block by a space's owner does not close the space",
    facts(person(), ["blocked_by"], "member"),
    "read",
    space(),
    "yes",
    "public",
  ],
  ["members post", as("member"), "post_in_space", space(), "yes", "member"],
  ["others do not", me, "post_in_space", space(), "no", "not_member"],
  ["house admins do not, unless they join", houseAdmin, "post_in_space", space(), "no", "not_member"],
  [
    "members do not where moderators post",
    as("member"),
    "post_in_space",
    space({ who_may_post: "moderators" }),
    "no",
    "not_space_moderator",
  ],
  ["moderators do", as("moderator"), "post_in_space", space({ who_may_post: "moderators" }), "yes", "space_moderator"],
  [
    "who made a space and gave it away does not manage it",
    facts({ ...person() }, [], "member"),
    "manage_space",
    space({ owner_id: ME }),
    "no",
    "not_space_admin",
  ],
];

describe("people: may", () => {
  test.each(TABLE)("PE35: %s", (_, who, action, resource, answer, code) => {
    const { ok, because } = may(who, action, resource);
    expect([ok ? "yes" : "no", because.code]).toEqual([answer, code]);
    expect(because.sentence).toMatch(/^[A-Z].*\.$/);
  });

  test("PE36: each role of a space holds what the roles below it hold, and nothing above", () => {
    const holds = (role: SpaceRole) =>
      (["moderate_space", "manage_space", "own_space"] as const).map((action) => may(as(role), action, space()).ok);
    expect(Object.fromEntries(SPACE_ROLES.map((role) => [role, holds(role)]))).toEqual({
      owner: [true, true, true],
      admin: [true, true, false],
      moderator: [true, false, false],
      member: [false, false, false],
    });
  });

  test("PE37: what holds for every one of the combinations: nothing is open by accident", () => {
    const viewers = [
      NOBODY,
      ...(["admin", "moderator", "member"] as const).flatMap((role) =>
        [false, true].map((suspended) => person({ role, suspended })),
      ),
    ];
    const sides: (keyof Relations)[][] = [
      [],
      ["follows"],
      ["blocks"],
      ["blocked_by"],
      ["mutes"],
      ["follows", "blocked_by"],
      ["follows", "blocks"],
    ];
    let combinations = 0;
    for (const viewer of viewers)
      for (const relations of viewer.kind === "nobody" ? [[]] : sides)
        for (const role of viewer.kind === "nobody" ? [null] : [null, ...SPACE_ROLES])
          for (const kind of ["post", "comment", "video", "image"] as const)
            for (const owner_id of [ME, THEM])
              for (const audience of AUDIENCES)
                for (const space_id of [null, SPACE])
                  for (const space_visibility of ["public", "private"] as const)
                    for (const deleted of [false, true])
                      for (const owner_suspended of [false, true])
                        for (const action of ACTIONS) {
                          combinations++;
                          const who = facts(viewer, relations, role);
                          const resource = {
                            kind,
                            owner_id,
                            audience,
                            space_id,
                            space_visibility,
                            deleted,
                            owner_suspended,
                          };
                          const { ok } = may(who, action, resource);
                          const said = () => JSON.stringify({ viewer, relations, role, resource, action });
                          const own = viewer.kind === "person" && owner_id === ME;
                          const insider = role !== null && space_id !== null;
                          const wrong =
                            ok &&
                            (deleted ||
                              (viewer.kind === "nobody" && (action !== "read" || audience !== "public")) ||
                              (viewer.kind === "person" && viewer.suspended && action !== "read") ||
                              (action === "edit" && !own) ||
                              (!own &&
                                action !== "delete" &&
                                !action.endsWith("_space") &&
                                relations.some((s) => s === "blocks" || s === "blocked_by")) ||
                              (!own &&
                                audience === "private" &&
                                !action.endsWith("_space") &&
                                action !== "follow" &&
                                action !== "mention") ||
                              (space_id !== null &&
                                space_visibility === "private" &&
                                !insider &&
                                !own &&
                                ["read", "like", "comment", "bookmark", "repost"].includes(action)) ||
                              (action.endsWith("_space") && !insider));
                          if (wrong) throw new Error(`open by accident: ${said()}`);
                          // Whoever may take part may also read.
                          if (
                            ok &&
                            ["like", "comment", "bookmark", "repost"].includes(action) &&
                            !may(who, "read", resource).ok
                          )
                            throw new Error(`blind: ${said()}`);
                        }
    expect(combinations).toBeGreaterThan(100_000);
  });

  test("PE38: what is unknown is refused: an action, an audience", () => {
    expect(may(me, "fly" as Action, post()).because.code).toBe("unknown_action");
    expect(may(me, "read", post({ audience: "everyone" as "public" })).because.code).toBe("unknown_audience");
  });
});
