import { notifyRoutes } from "#systems/notify/contract.ts";

import { deviceOf } from "../people/device.ts";
import { call } from "../shell/house.ts";

/** What this browser can do, said as it is. */
export type PushReach =
  /** It can be asked. */
  | "possible"
  /** Its person said no, or their system did; only they can change that, in the browser. */
  | "denied"
  /** On an iPhone only what stands on the home screen is pushed to. */
  | "install_first"
  /** Not over http. */
  | "insecure"
  | "unsupported";

const isApple = () => navigator.vendor.startsWith("Apple");
const isPhoneOfApple = () => /iPhone|iPad/.test(navigator.userAgent) || (isApple() && navigator.maxTouchPoints > 1);

export function pushReach(): PushReach {
  if (!window.isSecureContext) return "insecure";
  if (!("serviceWorker" in navigator) || !("PushManager" in window) || !("Notification" in window))
    return isPhoneOfApple() && !matchMedia("(display-mode: standalone)").matches ? "install_first" : "unsupported";
  return Notification.permission === "denied" ? "denied" : "possible";
}

/** The worker, begun where it is not there yet. */
export const worker = (): Promise<ServiceWorkerRegistration> =>
  navigator.serviceWorker.register("/sw.js", { updateViaCache: "none" });

export class PushRefused extends Error {
  override readonly name = "PushRefused";
}

/** Asks, subscribes, and tells the house. @throws PushRefused with a sentence for its person */
export async function turnOn(public_key: string): Promise<void> {
  if ((await Notification.requestPermission()) !== "granted")
    throw new PushRefused("This browser did not allow it. Change that in its settings for this page, then try again.");
  await worker();
  const registration = await navigator.serviceWorker.ready;
  await tell(await subscribed(registration, public_key));
}

async function subscribed(registration: ServiceWorkerRegistration, public_key: string): Promise<PushSubscription> {
  const there = await registration.pushManager.getSubscription();
  if (there && keyOf(there) === public_key) return there;
  // Made with another key of the house: nothing that is sent to it would arrive.
  await there?.unsubscribe();
  try {
    return await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: public_key });
  } catch {
    throw new PushRefused("The browser's push service did not answer. Some browsers have none; else try again later.");
  }
}

const keyOf = ({ options }: PushSubscription): string =>
  options.applicationServerKey === null
    ? ""
    : btoa(String.fromCharCode(...new Uint8Array(options.applicationServerKey)))
        .replaceAll("+", "-")
        .replaceAll("/", "_")
        .replaceAll("=", "");

async function tell(subscription: PushSubscription): Promise<void> {
  const { endpoint = "", keys = {} } = subscription.toJSON();
  await call(notifyRoutes.subscribeToPush, {
    body: {
      endpoint,
      keys: { p256dh: keys.p256dh ?? "", auth: keys.auth ?? "" },
      label: deviceOf(navigator.userAgent).name,
      // Safari ends a subscription that is pushed to in silence.
      may_clear: !isApple(),
    },
  });
}

/** This browser's own subscription ends, whether or not the house knew of it. */
export async function turnOff(): Promise<void> {
  const registration = await navigator.serviceWorker.getRegistration();
  await (await registration?.pushManager.getSubscription())?.unsubscribe();
}

/** What was shown and is read by now is taken off this device when its page is looked at. */
export async function tidy(): Promise<void> {
  if (!("serviceWorker" in navigator)) return;
  const registration = await navigator.serviceWorker.getRegistration();
  for (const one of (await registration?.getNotifications()) ?? []) one.close();
}
