import { notifyRoutes } from "#systems/notify/contract.ts";

import { call } from "../shell/house.ts";
import { pushReach, turnOn, worker } from "./push.ts";

const LOOKED = "folkhus.push.looked";
const DAY_MS = 86_400_000;

/**
 * Begins what stands beside the page, once its person is known and the page has nothing better to do. Where push was on in this
 * browser it is looked after once a day: a house with a new key is subscribed to anew.
 */
export async function standBeside(go: (path: string) => void): Promise<void> {
  if (pushReach() !== "possible") return;
  // Somebody pressed what was pushed: the worker asks this page to turn to it.
  navigator.serviceWorker.addEventListener("message", ({ data, ports: [port] }) => {
    const path = (data as { go?: unknown } | null)?.go;
    if (typeof path !== "string" || !/^\/(?!\/)/.test(path)) return;
    go(path);
    port?.postMessage(true);
  });
  const registration = await worker();
  if (Notification.permission !== "granted") return;
  const looked = Number(localStorage.getItem(LOOKED) ?? 0);
  const now_ms = performance.timeOrigin + performance.now();
  if (now_ms - looked < DAY_MS || !(await registration.pushManager.getSubscription())) return;
  const { push } = await call(notifyRoutes.notifySettings);
  await turnOn(push.public_key);
  localStorage.setItem(LOOKED, String(Math.round(now_ms)));
}
