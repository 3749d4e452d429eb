import { describe, expect, test } from "bun:test";

import { PASSWORD_HASHES_AT_ONCE_MAX, PASSWORD_HASHES_WAITING_MAX } from "./bounds.ts";
import { isCommonPassword, isMadeOfNames } from "./common-passwords.ts";
import { isReserved } from "./handles.ts";
import { createPasswords, PASSWORD_COST } from "./passwords.ts";
import { CHEAP_PASSWORDS } from "./testing.ts";

describe("people: passwords", () => {
  test.each([
    "passwordpassword",
    "PasswordPassword",
    "password1234",
    "Password2024!",
    "p@ssw0rd1234",
    "P4ssw0rd!!!!",
    "123456789012",
    "1234567890123",
    "098765432109",
    "qwertyuiop12",
    "qwertyuiop[]",
    "1q2w3e4r5t6y",
    "1qaz2wsx3edc",
    "zaq12wsxcde3",
    "qazwsxedcrfv",
    "asdfghjklzxc",
    "aaaaaaaaaaaa",
    "abcabcabcabc",
    "abcdefghijkl",
    "121212121212",
    "iloveyou1234",
    "iloveyouforever",
    "sunshine2024",
    "Sunshine2031!!",
    "administrator",
    "adminadminadmin",
    "letmeinletmein",
    "welcome12345",
    "changeme1234",
    "football1234",
    "Winter2025!!",
    "sommar202612",
    "losenord1234",
    "lösenord12345",
    "passwort1234",
    "azertyuiop12",
    "la-la-la-la-",
    "            ",
    "superman12345",
    "monkey-monkey",
    "111111222222",
    "qwerty123456789",
    "dragon!!!!!!",
    "password password",
    "pass-word-1234",
    "qwertyqwerty12",
  ])("PE4: %s is among the commonest", (password) => {
    expect(isCommonPassword(password)).toBe(true);
  });

  test.each([
    "seven green kettles",
    "correct horse battery staple",
    "tröskverk och lupiner",
    "Vr9$kq2!mZx7",
    "myself-and-the-sea",
    "a-long-password-1",
    "password-for-tests-1",
    "dragonmonkeyfootball",
    "wintergröna-hus-7",
    "6f1c9b3e77a2d4",
    "日本語のながいパスワードです",
  ])("PE4: %s is not", (password) => {
    expect(isCommonPassword(password)).toBe(false);
  });

  test("PE4: names and little else are refused; names and a sentence are not", () => {
    for (const bad of ["astridastrid", "astrid_lind_1", "Lind-Astrid-99", "astrid.astrid!"])
      expect([bad, isMadeOfNames(bad, ["astrid", "Lind"])]).toEqual([bad, true]);
    for (const good of ["astrid-has-a-cat", "astrid-password-1"])
      expect([good, isMadeOfNames(good, ["astrid", "Lind"])]).toEqual([good, false]);
  });

  test("PE39: a hash is argon2id with the cost that OWASP asks for, salted, and takes the password that made it", async () => {
    const passwords = createPasswords();
    const [a, b] = await Promise.all([passwords.hash("seven green kettles"), passwords.hash("seven green kettles")]);
    expect(a).toStartWith(`$argon2id$v=19$m=${PASSWORD_COST.memory_kib},t=${PASSWORD_COST.passes},`);
    expect(a).not.toBe(b);
    expect(await passwords.verify("seven green kettles", a)).toBe(true);
    expect(await passwords.verify("seven green kettle", a)).toBe(false);
    expect(await passwords.verify("seven green kettles", null)).toBe(false);
    expect(await passwords.verify("", a)).toBe(false);
    expect(
      await passwords.verify("sj\u0061\u030a blanka kittlar", await passwords.hash("sj\u00e5 blanka kittlar")),
    ).toBe(true);
  });

  test("PE40: a flood of hashes is bounded: what would wait too long is refused at once, and the rest is served", async () => {
    const passwords = createPasswords(CHEAP_PASSWORDS);
    const room = PASSWORD_HASHES_AT_ONCE_MAX + PASSWORD_HASHES_WAITING_MAX;
    const settled = await Promise.allSettled(
      Array.from({ length: room + 20 }, () => passwords.hash("seven green kettles")),
    );
    expect(settled.filter((s) => s.status === "fulfilled").length).toBe(room);
    const refused = settled
      .filter((s) => s.status === "rejected")
      .map((s) => s.reason as { code: string; status: number });
    expect(refused.map((r) => [r.status, r.code])).toEqual(Array.from({ length: 20 }, () => [503, "people.busy"]));
    expect(await passwords.hash("and it goes on")).toStartWith("$argon2id$");
  });

  test("PE2: handles that look like a reserved word are reserved, ordinary ones are not", () => {
    for (const bad of ["admin", "adm1n", "a_d_m_i_n", "m0derator", "5upport", "folkhus", "fo1khus", "systern"])
      expect([bad, isReserved(bad)]).toEqual([bad, true]);
    for (const good of ["astrid", "bo", "user1", "test_user", "alice", "tester", "administer_bo", "max"])
      expect([good, isReserved(good)]).toEqual([good, false]);
  });
});
