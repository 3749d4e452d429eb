import { Problem } from "#kernel/errors.ts";

import {
  PASSWORD_CHARS_MAX,
  PASSWORD_CHARS_MIN,
  PASSWORD_HASHES_AT_ONCE_MAX,
  PASSWORD_HASHES_WAITING_MAX,
  PASSWORD_MEMORY_KIB,
  PASSWORD_PASSES,
} from "./bounds.ts";
import { isCommonPassword, isMadeOfNames } from "./common-passwords.ts";

/** What one hash may cost. Tests make it cheap; nobody else does. */
export interface PasswordCost {
  memory_kib: number;
  passes: number;
}

export const PASSWORD_COST: PasswordCost = { memory_kib: PASSWORD_MEMORY_KIB, passes: PASSWORD_PASSES };

export interface Passwords {
  hash(password: string): Promise<string>;
  /** Does the same work for `null`, so that the time does not tell whether there is such a person. */
  verify(password: string, hash: string | null): Promise<boolean>;
}

/**
 * argon2id with a bound on how much of it runs at once: a flood of sign-ins takes two threads and 38 MiB, not the machine.
 * @throws Problem 503 `people.busy` when more wait than can be served within about a second
 */
export function createPasswords(cost: PasswordCost = PASSWORD_COST): Passwords {
  const options = { algorithm: "argon2id", memoryCost: cost.memory_kib, timeCost: cost.passes } as const;
  const turn = createTurns(PASSWORD_HASHES_AT_ONCE_MAX, PASSWORD_HASHES_WAITING_MAX);
  let nobody: Promise<string> | null = null;
  return {
    hash: (password) => turn(() => Bun.password.hash(asTyped(password), options)),
    async verify(password, hash) {
      nobody ??= Bun.password.hash(crypto.randomUUID(), options);
      const against = hash ?? (await nobody);
      // An empty password makes Bun answer without work; a space is just as wrong and costs the same as any other.
      const matches = await turn(() => Bun.password.verify(password === "" ? " " : asTyped(password), against));
      return matches && hash !== null && password !== "";
    },
  };
}

/** One keyboard sends å as one character and another as two; NIST 800-63B asks to make them one before the hash. */
const asTyped = (password: string) => password.normalize("NFKC");

function createTurns(at_once_max: number, waiting_max: number) {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async <T>(work: () => Promise<T>): Promise<T> => {
    if (running >= at_once_max) {
      if (waiting.length >= waiting_max) {
        throw new Problem(
          503,
          "people.busy",
          "Too many people are signing in at this moment. Try again in a few seconds.",
          { retry_after_s: 2 },
        );
      }
      // Whoever finishes hands its place on, so `running` stays as it is.
      await new Promise<void>((go) => waiting.push(go));
    } else {
      running++;
    }
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running--;
    }
  };
}

/** For the command line, which has no schema before it. @throws Problem 422 `people.password_length` */
export function refuseLength(password: string): void {
  if (password.length < PASSWORD_CHARS_MIN || password.length > PASSWORD_CHARS_MAX) {
    throw new Problem(
      422,
      "people.password_length",
      `A password has ${PASSWORD_CHARS_MIN} to ${PASSWORD_CHARS_MAX} characters.`,
    );
  }
}

/** @throws Problem 422 `people.password_common`, `people.password_like_handle` */
export function refuseWeak(password: string, names: string[]): void {
  if (isCommonPassword(password)) {
    throw new Problem(
      422,
      "people.password_common",
      "This password is among the commonest and would be guessed first. Take several words that do not belong together.",
    );
  }
  if (isMadeOfNames(password, names)) {
    throw new Problem(
      422,
      "people.password_like_handle",
      "This password is little more than your name. Take several words that do not belong together.",
    );
  }
}
