import { LogOut, MoonStar, Sun, SunMoon } from "lucide-react";

import type { Me } from "#systems/people/contract.ts";

import type { MenuEntry } from "../parts/menu-entry.ts";
import { navFor } from "./nav.tsx";
import { leave } from "./session.ts";
import { setTheme, themeNow } from "./theme.ts";
import { sorry } from "./toasts.ts";

/** What stands in a person's own menu, on the rail and on the lintel. */
export function personEntries(me: Me, go: (to: string) => void): MenuEntry[] {
  const theme = themeNow();
  return [
    { label: me.display_name, detail: `@${me.handle}`, run: () => go(`/@${me.handle}`) },
    "line",
    ...navFor(me)
      .slice(3)
      .filter((item) => item.label !== "Profile")
      .map((item) => ({ label: item.label, icon: <item.icon />, run: () => go(item.to) })),
    "line",
    { label: "Light", icon: <Sun />, checked: theme === "light", run: () => setTheme("light") },
    { label: "Dark", icon: <MoonStar />, checked: theme === "dark", run: () => setTheme("dark") },
    { label: "As the system", icon: <SunMoon />, checked: theme === "system", run: () => setTheme("system") },
    "line",
    { label: "Sign out", icon: <LogOut />, run: () => void leave().catch(sorry) },
  ];
}
