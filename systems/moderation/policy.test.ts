import { expect, test } from "bun:test";

import { actsOn, mayDecide, maySee, mayUndo, type Officer, type Owner, powerOver } from "./policy.ts";

const officer = (house: Officer["house"], space: Officer["space"] = null, more: Partial<Officer> = {}): Officer => ({
  person_id: "1",
  house,
  space,
  suspended: false,
  ...more,
});
const owner = (house: Owner["house"], space: Owner["space"] = null): Owner => ({ person_id: "2", house, space });

test("MO8: nobody has power over themselves, over an equal, or over who stands higher; a suspended officer over nobody", () => {
  const houses = ["member", "moderator", "admin"] as const;
  for (const [i, mine] of houses.entries())
    for (const [j, theirs] of houses.entries())
      expect([mine, theirs, powerOver(officer(mine), owner(theirs), false)]).toEqual([
        mine,
        theirs,
        i > j ? "house" : null,
      ]);
  for (const house of houses) {
    expect(powerOver(officer(house), { ...owner("member"), person_id: "1" }, true)).toBeNull();
    expect(powerOver(officer(house, "owner", { suspended: true }), owner("member"), true)).toBeNull();
  }
});

test("MO8: a space's officers have power in it, over those below them and those who have left, and nowhere else", () => {
  const spaces = ["member", "moderator", "admin", "owner"] as const;
  for (const [i, mine] of spaces.entries()) {
    for (const [j, theirs] of spaces.entries())
      expect([mine, theirs, powerOver(officer("member", mine), owner("member", theirs), true)]).toEqual([
        mine,
        theirs,
        i > 0 && i > j ? "space" : null,
      ]);
    expect(powerOver(officer("member", mine), owner("member"), true)).toBe(i > 0 ? "space" : null);
    expect(powerOver(officer("member", mine), owner("member"), false)).toBeNull();
  }
  expect(powerOver(officer("moderator", "moderator"), owner("member", "owner"), true)).toBe("house");
});

test("MO8: an admin sees what is said of another admin and has no power over them; a moderator does not even see it", () => {
  expect(maySee(officer("admin"), owner("admin"), false)).toBe(true);
  expect(maySee(officer("admin"), { ...owner("admin"), person_id: "1" }, false)).toBe(false);
  expect(maySee(officer("admin", null, { suspended: true }), owner("member"), false)).toBe(false);
  expect(maySee(officer("moderator"), owner("moderator"), false)).toBe(false);
  expect(maySee(officer("member", "admin"), owner("member", "admin"), true)).toBe(false);
});

test("MO8: what can be done to what, by whose power", () => {
  expect(actsOn(null, "post", true)).toEqual([]);
  expect(actsOn("house", "person", false)).toEqual(["warn", "limit", "suspend"]);
  expect(actsOn("house", "post", false)).toEqual(["hide", "sensitive", "warn", "limit", "suspend"]);
  expect(actsOn("space", "post", true)).toEqual(["hide", "sensitive", "remove_from_space", "warn"]);
  expect(actsOn("space", "comment", true)).toEqual(["hide", "warn"]);
  expect([
    mayUndo("house", "space"),
    mayUndo("space", "space"),
    mayUndo("space", "house"),
    mayUndo(null, "space"),
  ]).toEqual([true, true, false, false]);
  expect([mayDecide("1", "1", 1), mayDecide("1", "1", 0), mayDecide("1", "2", 5), mayDecide("1", null, 1)]).toEqual([
    false,
    true,
    true,
    true,
  ]);
});
