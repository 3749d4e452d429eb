import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Clapperboard, HeartHandshake, KeyRound } from "lucide-react";

import { buttonClass } from "../parts/button.tsx";
import { HouseSign } from "../parts/house-mark.tsx";
import { HouseScene } from "../parts/house-scene.tsx";
import { houseQuery } from "../shell/house.ts";

const PROMISES = [
  {
    icon: HeartHandshake,
    title: "People you know",
    text: "Posts of those you follow, newest first. Nobody sells your attention here.",
  },
  {
    icon: Clapperboard,
    title: "Your own films",
    text: "Drop a video on the page; a moment later it plays for everyone you chose.",
  },
  {
    icon: KeyRound,
    title: "One house, one key",
    text: "Everything stays on a machine that this community owns. Nothing is fetched from elsewhere.",
  },
];

/** The front door, for somebody who is not signed in. */
export default function Landing() {
  const { data: house } = useQuery(houseQuery);
  if (!house) return null;
  return (
    <div className="flex min-h-dvh flex-col">
      <header className="mx-auto flex w-full max-w-6xl items-center justify-between px-5 py-4">
        <HouseSign name={house.name} />
        <Link to="/sign-in" className={buttonClass("quiet", "sm")}>
          Sign in
        </Link>
      </header>
      <section className="mx-auto grid w-full max-w-6xl flex-1 items-center gap-8 px-5 pb-10 lg:grid-cols-[1fr_1.1fr] lg:gap-14">
        <div className="max-lg:order-2">
          <h1 className="text-2xl font-extrabold tracking-tight sm:text-3xl">The house that we own together.</h1>
          <p className="mt-4 max-w-md text-lg text-ink-2">
            {house.name} is a place for posts, films and talk among people, kept by the people who use it.
          </p>
          {house.needs_setup && (
            <p className="mt-8 rounded-2xl bg-warn-tint px-4 py-3 text-sm font-medium text-warn">
              This house has no admin yet. Open the set-up link that it printed when it started.
            </p>
          )}
          <div className="mt-8 flex flex-wrap gap-3">
            {house.sign_up !== "closed" && (
              <Link to="/sign-up" className={buttonClass("primary", "lg")}>
                {house.sign_up === "open" ? "Join the house" : "I have an invitation"}
              </Link>
            )}
            <Link to="/sign-in" className={buttonClass(house.sign_up === "closed" ? "primary" : "outline", "lg")}>
              Sign in
            </Link>
            <Link to="/discover" className={buttonClass("quiet", "lg")}>
              Look around
            </Link>
            <Link to="/about" className={buttonClass("quiet", "lg")}>
              The rules
            </Link>
          </div>
        </div>
        <HouseScene className="aspect-[16/11] w-full rounded-3xl shadow-2 max-lg:max-h-[38vh]" />
      </section>
      <section aria-label="What it is" className="border-t border-line bg-surface">
        <div className="mx-auto grid max-w-6xl gap-8 px-5 py-12 sm:grid-cols-3">
          {PROMISES.map(({ icon: Icon, title, text }) => (
            <div key={title}>
              <span className="grid size-11 place-items-center rounded-2xl bg-accent-tint text-accent-ink">
                <Icon className="size-5.5" aria-hidden="true" />
              </span>
              <h2 className="mt-4 font-bold">{title}</h2>
              <p className="mt-1 text-sm text-ink-2">{text}</p>
            </div>
          ))}
        </div>
      </section>
    </div>
  );
}
