const BROWSERS: readonly (readonly [RegExp, string])[] = [
  [/Edg\//, "Edge"],
  [/OPR\//, "Opera"],
  [/Firefox\/|FxiOS/, "Firefox"],
  [/Chrome\/|CriOS/, "Chrome"],
  [/Safari\//, "Safari"],
  [/curl|wget|python|Bun|node/i, "A program"],
];
const SYSTEMS: readonly (readonly [RegExp, string])[] = [
  [/iPhone|iPad/, "iOS"],
  [/Android/, "Android"],
  [/Windows/, "Windows"],
  [/Mac OS X/, "macOS"],
  [/Linux|X11/, "Linux"],
];

/** What somebody would call the device, from its browser's own words. Never trusted, only shown. */
export function deviceOf(user_agent: string): { name: string; phone: boolean } {
  const browser = BROWSERS.find(([pattern]) => pattern.test(user_agent))?.[1] ?? "Something";
  const system = SYSTEMS.find(([pattern]) => pattern.test(user_agent))?.[1];
  return {
    name: system === undefined ? browser : `${browser} on ${system}`,
    phone: /Mobi|Android|iPhone/.test(user_agent),
  };
}
