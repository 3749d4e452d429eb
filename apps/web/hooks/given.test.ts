import { expect, test } from "bun:test";

import { isCommand, isNaming, offersFor } from "./given.ts";

const offers = ["me", "mute", "topic"].map((name) => ({ name, hint: "", description: "", bot: null }));
const names = (text: string) => offersFor(offers, text).map(({ name }) => name);

test("WEB220: a slash and a name is a command; a path, a date and what stands in a sentence are words", () => {
  for (const text of ["/me waves", "/ME", "/topic\nA", "/do-it"]) expect([text, isCommand(text)]).toEqual([text, true]);
  for (const text of ["/", "//", "/usr/bin", "/7", " /me", "me /me", "/me/you", "1/2"])
    expect([text, isCommand(text)]).toEqual([text, false]);
});

test("WEB221: commands are offered while their name is being written, and no more once it is whole", () => {
  expect(names("/")).toEqual(["me", "mute", "topic"]);
  expect(names("/M")).toEqual(["me", "mute"]);
  expect([names("/topic"), names("/me waves"), names("me"), names("/x")]).toEqual([[], [], [], []]);
  expect([isNaming("/"), isNaming("/to"), isNaming("/to x"), isNaming("to")]).toEqual([true, true, false, false]);
});
