import { describe, expect, test } from "bun:test";

import { FIELD_NAME_CHARS_MAX, PAYLOAD_FIELDS_MAX, REASON_SHOWN_CHARS_MAX } from "./bounds.ts";
import { patternOf, payloadFields, shownReason } from "./conceal.ts";

const shown = (payload: Parameters<typeof payloadFields>[0]) =>
  payloadFields(payload).map(({ name, value, is_hidden }) => [name, value, is_hidden]);

describe("what a job was given", () => {
  test("JP6: text is told by its length, lists and what holds fields by their size; nothing of what is in them", () => {
    const told = payloadFields({
      address: "ada@example.org",
      link: "https://example.org/?key=abc",
      letters: ["one", "two"],
      nested: { password: "seven green kettles" },
      one: "x",
      padded: "007",
    });
    expect(told.every((field) => field.is_hidden)).toBe(true);
    expect(told.map(({ value }) => value)).toEqual([
      "text of 15 characters",
      "text of 28 characters",
      "a list of 2",
      "several fields",
      "text of 1 character",
      "text of 3 characters",
    ]);
    expect(JSON.stringify(told)).not.toMatch(/ada|example|kettles|"two"/);
  });

  test("JP6: a field that calls itself a secret is hidden, whatever is in it; so is a name that no code of ours has", () => {
    for (const name of ["token", "reset_token", "code", "pin", "otp_code", "secret", "password", "api_key", "hash"])
      expect(payloadFields({ [name]: "482913" })[0]).toEqual({ name, value: "text of 6 characters", is_hidden: true });
    for (const name of ["ada@example.org", "A", "", "x".repeat(FIELD_NAME_CHARS_MAX + 1), "https://x"])
      expect(payloadFields({ [name]: 1 })[0]).toEqual({ name: "…", value: "a value", is_hidden: true });
    expect(payloadFields({ pinned: true, keyword_id: "7" }).some((field) => field.is_hidden)).toBe(false);
  });

  test("JP6: ids, numbers, yes or no, and times are told as they are", () => {
    expect(
      shown({
        video_id: "249819897717063680",
        k: 3,
        half: 0.5,
        lists: true,
        off: false,
        by: null,
        at: "2026-11-22T01:02:03.000Z",
      }),
    ).toEqual([
      ["video_id", "249819897717063680", false],
      ["k", "3", false],
      ["half", "0.5", false],
      ["lists", "yes", false],
      ["off", "no", false],
      ["by", "nothing", false],
      ["at", "2026-11-22T01:02:03.000Z", false],
    ]);
  });

  test("JP6: of very many fields the first are told", () => {
    const many = Object.fromEntries(Array.from({ length: PAYLOAD_FIELDS_MAX + 5 }, (_none, at) => [`f${at}`, at]));
    expect(payloadFields(many)).toHaveLength(PAYLOAD_FIELDS_MAX);
  });
});

describe("why it failed", () => {
  const SECRETS: [string, string, RegExp][] = [
    ["an address", "GET https://u:p@hooks.example.org/s/T0K3N?key=abc answered 500", /T0K3N|abc|u:p/],
    ["an address of a database", "cannot reach postgres://folk:hunter2@db:5432/house", /hunter2|folk:/],
    ["a mail address", "550 no mailbox for ada.lovelace@example.org here", /ada|example/],
    ["a bearer", "refused: Authorization: Bearer abc.def.ghi", /abc|def/],
    ["what is named a token", 'the answer was {"token":"s3cr3t","ok":false}', /s3cr3t/],
    ["a password in a query", "bad login password=kettles& more", /kettles/],
    ["what programs make", "no such key fhs_Zk3n9aQw7Lr2Tt8Yp0 there", /Zk3n/],
    ["a signed name", "blob v/AbCdEfGhIjKlMnOpQrStUvWxYz0123456789.mp4 is gone", /AbCdEf/],
  ];
  test.each(SECRETS)("JP7: %s is cut", (_name, reason, secret) => {
    expect(shownReason(reason)).not.toMatch(secret);
    expect(shownReason(reason)).toContain("…");
  });

  test("JP7: the host stays, as do ids, codes and sentences", () => {
    expect(shownReason("GET https://hooks.example.org/s/abc?x=1 answered 500")).toBe(
      "GET https://hooks.example.org/… answered 500",
    );
    for (const said of [
      "film 249819897717063680 is gone",
      "connect ECONNREFUSED 127.0.0.1:6379",
      "ran longer than 120000 ms",
      "the lease ran out: its worker died or hung",
      "systems/media/videos/probe.ts: an uncharacteristically-long-word-of-people",
      "the token is wrong",
      "deadline",
    ])
      expect(shownReason(said)).toBe(said);
  });

  test("JP7: a long one is cut, and none takes long", () => {
    expect(shownReason("word ".repeat(400))).toHaveLength(REASON_SHOWN_CHARS_MAX);
    // What patterns that look back and forth would need minutes for.
    for (const nasty of ["a".repeat(2_000), "a@".repeat(1_000), `token${" ".repeat(1_990)}`, "x://".repeat(500)])
      expect(shownReason(nasty).length).toBeLessThanOrEqual(REASON_SHOWN_CHARS_MAX);
  });

  test("JP8: reasons that differ in their numbers alone are one", () => {
    expect(patternOf("film 12 is gone")).toBe(patternOf("film 9 is gone"));
    expect(patternOf("film 12 is gone")).not.toBe(patternOf("sound 12 is gone"));
  });
});
