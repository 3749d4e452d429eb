import { BellRing, Smartphone } from "lucide-react";
import { useState } from "react";

import { notifyRoutes, type NotifySettings } from "#systems/notify/contract.ts";

import { Button } from "../parts/button.tsx";
import { Ago } from "../parts/time.tsx";
import { Panel } from "../people/sections.tsx";
import { call } from "../shell/house.ts";
import { say, sorry } from "../shell/toasts.ts";
import { type PushReach, pushReach, PushRefused, turnOff, turnOn } from "./push.ts";
import { settingsAnew } from "./settings.ts";

type Push = NotifySettings["push"];

/** Why this browser cannot be pushed to, and what would change that. */
const HINDERED: Record<Exclude<PushReach, "possible">, string> = {
  denied:
    "This browser was told to show nothing of this house. Only you can change that: in its settings for this page, under notifications.",
  install_first:
    "On an iPhone or iPad, put the house on your home screen first: the share button, then “Add to Home Screen”. Open it from there and come back here.",
  insecure: "Browsers allow push only over https, and this house is reached without. Its keepers can change that.",
  unsupported: "This browser cannot be pushed to.",
};

/** Whether this browser is told while its page is closed, said as it is; and which others are. */
export function PushPanel({ push }: { push: Push }) {
  const [reach, setReach] = useState(pushReach);
  const [busy, setBusy] = useState(false);
  const here = push.subscriptions.find((one) => one.current);
  const work = (what: () => Promise<void>) => {
    setBusy(true);
    what()
      .catch((error: unknown) => (error instanceof PushRefused ? say(error.message) : sorry(error)))
      .finally(() => {
        setReach(pushReach());
        setBusy(false);
      });
  };
  const on = () =>
    work(async () => {
      await turnOn(push.public_key);
      await settingsAnew();
      say("This browser is told from now on.");
    });
  const off = (id: string, own: boolean) =>
    work(async () => {
      if (own) await turnOff();
      await call(notifyRoutes.unsubscribeFromPush, { params: { id } });
      await settingsAnew();
    });
  const others = push.subscriptions.filter((one) => !one.current);
  return (
    <Panel
      title="Push"
      intro="Told on this device while the page is closed. The house does that itself, by nobody else's hands."
    >
      <div className="flex flex-wrap items-center gap-4">
        <span className="grid size-11 shrink-0 place-items-center rounded-full bg-sunken text-ink-2">
          <BellRing className="size-5" aria-hidden="true" />
        </span>
        <p className="min-w-0 flex-1 basis-48 text-sm" role="status">
          {here ? "This browser is told." : reach === "possible" ? "This browser is not told." : HINDERED[reach]}
        </p>
        {here ? (
          <Button look="outline" size="sm" busy={busy} onClick={() => off(here.id, true)}>
            Turn off here
          </Button>
        ) : (
          reach === "possible" && (
            <Button size="sm" busy={busy} onClick={on}>
              Turn on here
            </Button>
          )
        )}
      </div>
      {others.length > 0 && (
        <ul aria-label="Other browsers that are told" className="mt-4 divide-y divide-line border-t border-line">
          {others.map((one) => (
            <li key={one.id} className="flex items-center gap-4 py-3">
              <Smartphone className="ml-3 size-5 shrink-0 text-ink-3" aria-hidden="true" />
              <span className="min-w-0 flex-1">
                <span className="block truncate text-sm font-semibold">{one.label || "A browser"}</span>
                <span className="block text-xs text-ink-3">
                  {one.taken_at === null ? (
                    "Nothing was sent there yet"
                  ) : (
                    <>
                      Last told <Ago at={one.taken_at} /> ago
                    </>
                  )}
                </span>
              </span>
              <Button
                look="outline"
                size="sm"
                aria-label={`Turn off ${one.label || "a browser"}`}
                onClick={() => off(one.id, false)}
              >
                Turn off
              </Button>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
