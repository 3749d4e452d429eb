import { join } from "node:path";

import type { PageBuild } from "../web/build.ts";
import { THEME_COLORS } from "../web/page-html.ts";

/** What makes the page a program that can be put on a home screen: its manifest, and the script that stands beside it. */
export interface Program {
  manifest(): Promise<Response>;
  worker(): Response;
}

/** It shows and fetches nothing of others: pictures and addresses of the house alone. */
const WORKER_POLICY = "default-src 'none'; connect-src 'self'; img-src 'self'; style-src 'unsafe-inline'";

export function createProgram({ build, house }: { build: PageBuild; house: () => Promise<{ name: string }> }): Program {
  const icon = (name: string, size: number, purpose: "any" | "maskable") =>
    build.icons[name] === undefined
      ? []
      : [{ src: `/assets/${build.icons[name]}`, sizes: `${size}x${size}`, type: "image/png", purpose }];
  return {
    async manifest() {
      const { name } = await house();
      const told = {
        id: "/",
        name,
        short_name: name.length <= 12 ? name : (name.split(/\s/)[0] ?? name).slice(0, 12),
        start_url: "/?from=home",
        scope: "/",
        display: "standalone",
        background_color: THEME_COLORS.light,
        theme_color: THEME_COLORS.light,
        icons: [
          ...icon("icon-192", 192, "any"),
          ...icon("icon-512", 512, "any"),
          ...icon("icon-maskable-512", 512, "maskable"),
        ],
        shortcuts: [{ name: "Notifications", url: "/notifications" }],
      };
      return new Response(JSON.stringify(told), {
        headers: {
          "content-type": "application/manifest+json",
          "cache-control": "no-cache",
          "x-content-type-options": "nosniff",
        },
      });
    },
    // Under one name for ever, so it is asked for anew each time; browsers compare its bytes.
    worker: () =>
      new Response(Bun.file(join(build.dir, build.worker_js)), {
        headers: {
          "content-type": "text/javascript; charset=utf-8",
          "cache-control": "no-cache",
          "x-content-type-options": "nosniff",
          "content-security-policy": WORKER_POLICY,
        },
      }),
  };
}
