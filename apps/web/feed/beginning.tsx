import { Link } from "@tanstack/react-router";
import { Compass } from "lucide-react";

import type { Me } from "#systems/people/contract.ts";

import { Button, buttonClass } from "../parts/button.tsx";
import { Empty } from "../parts/empty.tsx";
import { PersonLine, usePeopleToMeet } from "../people/people-to-meet.tsx";
import { openCompose } from "../shell/compose.ts";

/** A home in which nothing is yet. */
export default function Beginning({ me }: { me: Me }) {
  const { people } = usePeopleToMeet(me);
  return (
    <section className="border-line bg-surface pb-5 max-sm:border-y sm:rounded-2xl sm:border">
      <Empty
        icon={<Compass />}
        title={`Welcome in, ${me.display_name.split(" ")[0]}`}
        action={
          <>
            <Link to="/discover" className={buttonClass("primary")}>
              Look around
            </Link>
            <Button look="outline" onClick={() => openCompose()}>
              Write the first post
            </Button>
          </>
        }
      >
        Here you will find what the people you follow write, newest first. Nobody decides for you what comes before
        what.
      </Empty>
      {people.length > 0 && (
        <div className="mx-auto max-w-md">
          <h3 className="px-4 pb-1 text-sm font-bold">People to begin with</h3>
          {people.slice(0, 5).map((person) => (
            <PersonLine key={person.id} person={person} />
          ))}
        </div>
      )}
    </section>
  );
}
