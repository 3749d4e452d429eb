import { HOUSE_ROLES } from "#systems/people/contract.ts";

import { columns, command, type Terminal } from "./command.ts";
import { openHouse } from "./house.ts";

const handle = {
  type: "string",
  value: "HANDLE",
  says: "their name in the house, without the @",
  required: true,
} as const;
const password = {
  type: "string",
  value: "PASSWORD",
  says: "12 characters or more, not a common one; without it, read from standard input",
} as const;

const create = command({
  path: ["user", "create"],
  summary: "Make an account, also where sign-up is closed",
  options: {
    handle,
    password,
    admin: { type: "boolean", says: "as an admin of the house; the first one ends the set-up" },
    "display-name": { type: "string", value: "NAME", says: "how others see them; the handle where nothing is said" },
  },
  async run(values, terminal) {
    const secret = await passwordOf(values.password, terminal);
    if (secret === null) return 2;
    await using house = await openHouse(terminal);
    const display_name = values["display-name"];
    const person = await house.people.createPerson({
      handle: values.handle.replace(/^@/, ""),
      password: secret,
      role: values.admin ? "admin" : "member",
      ...(display_name === undefined ? {} : { display_name }),
    });
    terminal.out(`@${person.handle} is in the house${values.admin ? ", as an admin" : ""}.`);
    return 0;
  },
});

const newPassword = command({
  path: ["user", "password"],
  summary: "Set a new password; ends all their sessions and tokens",
  options: { handle, password },
  async run(values, terminal) {
    const secret = await passwordOf(values.password, terminal);
    if (secret === null) return 2;
    await using house = await openHouse(terminal);
    await house.people.setPassword(values.handle.replace(/^@/, ""), secret);
    terminal.out("The password is changed, and every session and token of theirs has ended.");
    return 0;
  },
});

const role = command({
  path: ["user", "role"],
  summary: "Give a role in the house",
  options: {
    handle,
    role: { type: "string", value: "ROLE", says: HOUSE_ROLES.join(", "), required: true, one_of: HOUSE_ROLES },
  },
  async run(values, terminal) {
    await using house = await openHouse(terminal);
    const name = values.handle.replace(/^@/, "");
    await house.people.setRole(name, values.role as (typeof HOUSE_ROLES)[number]);
    terminal.out(`@${name} is ${values.role === "admin" ? "an admin" : `a ${values.role}`} of the house.`);
    return 0;
  },
});

const LISTED_MAX = 200;

const list = command({
  path: ["user", "list"],
  summary: `The newest ${LISTED_MAX} people`,
  options: {
    find: { type: "string", value: "TEXT", says: "only those whose handle or name begins with this" },
    json: { type: "boolean", says: "as lines of JSON" },
  },
  async run(values, terminal) {
    await using house = await openHouse(terminal);
    const { items: people } = await house.people.rooms.profiles.everybody({
      limit: LISTED_MAX,
      q: values.find,
      state: "all",
    });
    if (values.json) for (const person of people) terminal.out(JSON.stringify(person));
    else if (people.length === 0) terminal.out("Nobody.");
    else for (const line of columns(people.map((p) => [`@${p.handle}`, p.role, p.display_name]))) terminal.out(line);
    return 0;
  },
});

/** A password in an argument is seen in the list of processes and kept in the shell's history, so a pipe works too. */
async function passwordOf(given: string | undefined, terminal: Terminal): Promise<string | null> {
  if (given !== undefined) return given;
  if (terminal.interactive) {
    terminal.err("--password is missing. Or send it: folk user … < file-with-the-password");
    return null;
  }
  const read = (await Bun.stdin.text()).replace(/\r?\n$/, "");
  if (read === "") terminal.err("--password is missing, and standard input is empty.");
  return read === "" ? null : read;
}

export const userCommands = [create, newPassword, role, list];
