import { Link } from "@tanstack/react-router";

import { buttonClass } from "../parts/button.tsx";
import { HouseScene } from "../parts/house-scene.tsx";
import { useTitle } from "./page-header.tsx";

export function NotFound() {
  useTitle("Not found");
  return (
    <div className="mx-auto flex max-w-lg flex-col items-center px-6 py-10 text-center">
      <HouseScene className="aspect-[16/10] w-full rounded-3xl" />
      <h1 className="mt-8 text-xl font-bold">There is no such room</h1>
      <p className="mt-2 text-ink-2">
        The address may be old, or what was here is not for you. The rest of the house is where it always was.
      </p>
      <div className="mt-6 flex gap-3">
        <Link to="/" className={buttonClass("primary")}>
          Go home
        </Link>
        <Link to="/discover" className={buttonClass("outline")}>
          Look around
        </Link>
      </div>
    </div>
  );
}
