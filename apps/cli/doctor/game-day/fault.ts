import type { Clock } from "#ports/clock/index.ts";

import type { Config, Secrets } from "../../../server/config.ts";
import type { Hello } from "../../../server/control/contract.ts";
import type { Ask } from "./ask.ts";
import type { Held } from "./held.ts";
import type { SignedInGuest } from "./person.ts";

/** What is known before anything is done. */
export interface Outlook {
  hello: Hello;
  config: Config;
  secrets: Secrets;
  /** The operator says that something starts the house again when it ends. */
  supervised: boolean;
}

export interface Scene extends Outlook {
  clock: Clock;
  held: Held;
  ask: Ask;
  seconds: number;
  storm_clients: number;
  /** Those who do not measure: they storm. */
  guests: readonly SignedInGuest[];
}

export interface Begun extends AsyncDisposable {
  /** What there is to tell of the fault itself, once it is over. */
  says?(): string | null;
}

/** A way to make the house ill that ends by itself: with this process at the latest, also where that is killed. */
export interface Fault {
  /** Why it cannot be made in this house; null where it can. */
  obstacle(outlook: Outlook): Promise<string | null>;
  /** Makes it. Disposing heals, and returns when the fault itself is gone. */
  begin(scene: Scene): Promise<Begun>;
  /** Lasts as long as this; the drill's seconds where nothing is said. */
  last?(scene: Scene, signal: AbortSignal): Promise<void>;
}
