import { Link } from "@tanstack/react-router";
import { Search } from "lucide-react";
import { lazy, Suspense } from "react";

import type { Me } from "#systems/people/contract.ts";

import { buttonClass } from "../parts/button.tsx";
import { openPalette, searchHint } from "./palette-door.ts";

const AsideLists = lazy(() => import("./aside-lists.tsx"));

/** The desktop's right column: what helps somebody to find their way, and never more than that. */
export function Aside({ me }: { me: Me | null | undefined }) {
  return (
    <aside
      aria-label="Around the house"
      className="sticky top-0 hidden h-dvh w-76 shrink-0 flex-col gap-4 overflow-y-auto py-4 no-bar lg:flex"
    >
      <button
        type="button"
        onClick={openPalette}
        className="flex h-11 shrink-0 items-center gap-3 rounded-full bg-sunken px-4 text-left text-sm text-ink-3 transition-colors hover:bg-line"
      >
        <Search className="size-4.5" aria-hidden="true" />
        <span className="flex-1">Search the house</span>
        <kbd className="rounded-md border border-line bg-surface px-1.5 py-0.5 font-sans text-[0.6875rem] leading-4">
          {searchHint}
        </kbd>
      </button>
      {me === null && (
        <section className="rounded-2xl border border-line bg-surface p-5">
          <h2 className="font-bold">New here?</h2>
          <p className="mt-1 text-sm text-ink-2">Sign in to follow people, to write, and to keep what you like.</p>
          <div className="mt-4 flex gap-2">
            <Link to="/sign-in" className={buttonClass("primary", "sm")}>
              Sign in
            </Link>
            <Link to="/sign-up" className={buttonClass("outline", "sm")}>
              Sign up
            </Link>
          </div>
        </section>
      )}
      <Suspense fallback={null}>
        <AsideLists me={me} />
      </Suspense>
      <footer className="px-2 text-xs text-ink-3">
        <a href="/docs" className="underline-offset-4 hover:underline">
          API reference
        </a>
        <span aria-hidden="true"> · </span>
        Nothing here leaves the house.
        <span aria-hidden="true"> · </span>
        <Link to="/about" className="hover:underline">
          Rules and numbers
        </Link>
      </footer>
    </aside>
  );
}
