import { notifyRoutes, type NotifySettings } from "#systems/notify/contract.ts";

import { ask, call, queries } from "../shell/house.ts";
import { sorry } from "../shell/toasts.ts";

export const settingsQuery = ask(notifyRoutes.notifySettings);

type Change = NonNullable<Parameters<typeof call<typeof notifyRoutes.changeNotifySettings>>[1]>["body"];

let sending = 0;

/** Shown at once; what the house says in the end holds. One that fails goes back to what the house knows. */
export async function change(body: NonNullable<Change>, shown: (before: NotifySettings) => NotifySettings) {
  // Shown before anything is waited for: a box that springs back for a moment looks broken, and to some tools is.
  const cancelled = queries.cancelQueries({ queryKey: settingsQuery.queryKey }, { revert: false });
  queries.setQueryData<NotifySettings>(settingsQuery.queryKey, (before) => before && shown(before));
  sending += 1;
  await cancelled;
  try {
    const told = await call(notifyRoutes.changeNotifySettings, { body });
    // While another is under way, its answer is the newer.
    if (sending === 1) queries.setQueryData(settingsQuery.queryKey, told);
  } catch (error) {
    await queries.invalidateQueries({ queryKey: settingsQuery.queryKey });
    sorry(error);
  } finally {
    sending -= 1;
  }
}

export const settingsAnew = () => queries.invalidateQueries({ queryKey: settingsQuery.queryKey });
