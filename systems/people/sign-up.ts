import { conflict, Problem } from "#kernel/errors.ts";
import type { PersonId } from "#kernel/ids.ts";
import { type HouseRole, SCOPES, type SignedIn } from "#kernel/viewer.ts";
import { isUniqueViolation, type Tx } from "#ports/sql/index.ts";

import { HANDLE_PATTERN } from "./base-contract.ts";
import { tell } from "./events.ts";
import type { Ground } from "./ground.ts";
import { isPathWord, isReserved } from "./handles.ts";
import type { SignupMode } from "./house-contract.ts";
import { refuseLength, refuseWeak } from "./passwords.ts";
import { hashSecret, isSecret } from "./secrets.ts";
import type { Origin, Sessions, StartedSession } from "./sessions.ts";
import * as invitations from "./store/invitations.ts";
import * as persons from "./store/persons.ts";

export interface SignUpAsked {
  handle: string;
  password: string;
  display_name: string;
  invitation?: string | undefined;
  setup_token?: string | undefined;
}

export interface SignUp {
  signUp(asked: SignUpAsked, origin: Origin): Promise<{ started: StartedSession; viewer: SignedIn }>;
  /** For `folk user create` and the demo: no door, no throttle, but the same rules on handles and passwords. */
  createPerson(asked: {
    handle: string;
    password: string;
    role?: HouseRole;
    display_name?: string;
  }): Promise<{ id: PersonId; handle: string }>;
}

/** Stands in the open door while too many come at once; who has an invitation never meets it. */
export interface SignUpGate {
  /**
   * Before anything is computed. @throws Problem 403 `people.invitation_needed`, 429
   * @returns how to take it back, where they did not come in after all
   */
  signUp(address: string): Promise<() => Promise<void>>;
  /** In the transaction that makes the account, so that those who come at once are counted too. @throws the same */
  came(tx: Tx, address: string): Promise<void>;
}

/** By what right somebody comes in: the first admin's link, an invitation, or an open door. */
type Entry =
  | { by: "setup"; hash: Uint8Array }
  | { by: "invitation"; hash: Uint8Array }
  | { by: "door"; takeBack: () => Promise<void> };

export function createSignUp(
  ground: Pick<Ground, "sql" | "log" | "clock" | "ids" | "passwords" | "throttle" | "memory">,
  sessions: Sessions,
  signUpMode: () => Promise<SignupMode>,
  gate: SignUpGate,
): SignUp {
  const { sql, log, clock, ids, passwords, throttle, memory } = ground;
  const now = () => new Date(clock.now());

  async function entryOf({ invitation, setup_token }: SignUpAsked, address: string): Promise<Entry> {
    if (setup_token !== undefined) {
      const hash = hashSecret(setup_token);
      if (!isSecret(setup_token, "setup") || !(await invitations.isSetupLink(sql.pool, hash))) throw setupInvalid();
      return { by: "setup", hash };
    }
    const mode = await signUpMode();
    if (mode === "closed")
      throw new Problem(403, "people.sign_up_closed", "This house takes in nobody new at present.");
    if (invitation === undefined) {
      if (mode === "open") {
        return { by: "door", takeBack: isThisMachine(address) ? async () => {} : await gate.signUp(address) };
      }
      throw new Problem(
        403,
        "people.invitation_needed",
        "This house takes in people by invitation. Ask someone inside for one.",
      );
    }
    const hash = hashSecret(invitation);
    if (!isSecret(invitation, "invitation") || !(await invitations.livingInvitation(sql.pool, hash, now())))
      throw invitationInvalid();
    return { by: "invitation", hash };
  }

  /** Cheap refusals come before the hash, which is dear. The unique index has the last word. */
  async function refuseHandle(handle: string, reserved: (handle: string) => boolean) {
    if (reserved(handle))
      throw new Problem(422, "people.handle_reserved", "This handle is kept for the house. Choose another.");
    const taken = await persons.byHandles(sql.pool, [handle]);
    if (taken.length > 0 || (await persons.isHandleRetired(sql.pool, hashSecret(handle)))) throw handleTaken();
  }

  async function make(
    tx: Tx,
    asked: { handle: string; display_name: string; role: HouseRole; password_hash: string },
    from_outside = false,
  ): Promise<PersonId> {
    const id = ids.next<"person">();
    try {
      await persons.insert(tx, { ...asked, id, at: now() });
    } catch (error) {
      throw isUniqueViolation(error, "people_persons_handle_key") ? handleTaken() : error;
    }
    if (asked.role === "admin") await invitations.removeSetupLinks(tx);
    await tell(log, tx, id, "person_created", { person_id: id, handle: asked.handle, role: asked.role, from_outside });
    return id;
  }

  /** Takes the right to come in, which another request may have taken since it was looked at. */
  async function enter(
    tx: Tx,
    entry: Entry,
    address: string,
  ): Promise<{ role: HouseRole; noteUse: (id: PersonId) => Promise<unknown> }> {
    if (entry.by === "door") {
      if (!isThisMachine(address)) await gate.came(tx, address);
      return { role: "member", noteUse: async () => {} };
    }
    if (entry.by === "setup") {
      if (!(await invitations.useSetupLink(tx, entry.hash))) throw setupInvalid();
      return { role: "admin", noteUse: async () => {} };
    }
    const used = await invitations.useInvitation(tx, entry.hash, now());
    if (!used) throw invitationInvalid();
    return { role: used.role, noteUse: (id) => invitations.noteUse(tx, used.id, id, now()) };
  }

  async function comeIn(entry: Entry, asked: SignUpAsked, origin: Origin) {
    await refuseHandle(asked.handle, entry.by === "setup" ? isPathWord : isReserved);
    refuseWeak(asked.password, [asked.handle, asked.display_name]);
    const password_hash = await passwords.hash(asked.password);
    return sql.tx(async (tx) => {
      const { role, noteUse } = await enter(tx, entry, origin.address);
      const from_outside = entry.by === "door" && !isThisMachine(origin.address);
      const made = { handle: asked.handle, display_name: asked.display_name, role, password_hash };
      const id = await make(tx, made, from_outside);
      await noteUse(id);
      return { id, role, started: await sessions.start(tx, id, origin) };
    });
  }

  return {
    async signUp(asked, origin) {
      await throttle.signUp(origin.address);
      const entry = await entryOf(asked, origin.address);
      let came: Awaited<ReturnType<typeof comeIn>>;
      try {
        came = await comeIn(entry, asked, origin);
      } catch (error) {
        // A handle that was taken is no arrival: whoever sits behind the same router may still come.
        if (entry.by === "door") await entry.takeBack();
        throw error;
      }
      const { id, role, started } = came;
      memory.forgetPerson(id);
      return {
        started,
        viewer: {
          kind: "person",
          person_id: id,
          handle: asked.handle,
          role,
          suspended: false,
          credential: { kind: "session", id: started.id },
          scopes: SCOPES,
        },
      };
    },

    async createPerson({ handle: written, password, role = "member", display_name }) {
      const handle = written.toLowerCase();
      if (!HANDLE_PATTERN.test(handle)) {
        throw new Problem(
          422,
          "people.handle_invalid",
          "A handle has 2 to 30 letters, digits and underscores and begins with a letter.",
        );
      }
      refuseLength(password);
      await refuseHandle(handle, isPathWord);
      refuseWeak(password, [handle]);
      const password_hash = await passwords.hash(password);
      const id = await sql.tx((tx) => make(tx, { handle, display_name: display_name ?? handle, role, password_hash }));
      return { id, handle };
    },
  };
}

/** Who sits at the house's own machine is whoever runs it. A proxy there must be told of (`FOLKHUS_TRUSTED_PROXIES`). */
const isThisMachine = (address: string): boolean => address === "::1" || /^(?:::ffff:)?127\./i.test(address);

const setupInvalid = () =>
  new Problem(
    403,
    "people.setup_invalid",
    "This set-up link was used or is not from the latest start. Start the house again for a new one.",
  );
const invitationInvalid = () =>
  new Problem(
    403,
    "people.invitation_invalid",
    "This invitation is used up, too old or taken back. Ask for a new one.",
  );
export const handleTaken = () => conflict("people.handle_taken", "This handle is taken. Choose another.");
