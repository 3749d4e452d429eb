import chromiumFromNpm from "@sparticuz/chromium";
import { type Browser, chromium } from "playwright-core";

/** Flags that keep a headless browser to itself: no calls to its maker, no profile, no GPU. */
const FLAGS = [
  "--headless=new",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--autoplay-policy=no-user-gesture-required",
];

/** A microphone that hums, and nobody who is asked whether it may be used. */
export const HUMMING = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"];

/** A Chromium of the machine where there is one, else the one that npm ships. It must decode H.264, so not any build will do. */
export async function openBrowser(more: readonly string[] = []): Promise<Browser> {
  const found = ["chromium", "google-chrome", "chromium-browser"]
    .map((name) => Bun.which(name))
    .find((path) => path !== null);
  if (found) return chromium.launch({ executablePath: found, args: [...FLAGS, ...more] });
  return chromium.launch({
    executablePath: await chromiumFromNpm.executablePath(),
    args: [...chromiumFromNpm.args, ...FLAGS.slice(8), ...more],
  });
}
