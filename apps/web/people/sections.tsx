import { Link } from "@tanstack/react-router";
import { ChevronRight, type LucideIcon } from "lucide-react";
import type { ReactNode } from "react";

import { PageHeader } from "../shell/page-header.tsx";

export interface Section {
  id: string;
  label: string;
  detail: string;
  icon: LucideIcon;
}

type Base = "/settings/$section" | "/admin/$section";

/** A list of rooms on the left and one of them open: on a phone first the list, then the room. */
export function Sectioned({
  title,
  base,
  sections,
  section,
  children,
}: {
  title: string;
  base: Base;
  sections: readonly Section[];
  section: string | null;
  children: ReactNode;
}) {
  const current = sections.find((one) => one.id === section);
  const root = base === "/settings/$section" ? "/settings" : "/admin";
  return (
    <div className="mx-auto max-w-4xl">
      <div className={section === null ? "" : "max-lg:hidden"}>
        <PageHeader title={title} back />
      </div>
      {section !== null && (
        <div className="lg:hidden">
          <PageHeader title={current?.label ?? title} detail={<Link to={root}>{title}</Link>} back />
        </div>
      )}
      <div className="gap-8 pt-3 lg:flex">
        <nav aria-label={title} className={`shrink-0 px-2 sm:px-0 lg:w-64 ${section === null ? "" : "max-lg:hidden"}`}>
          {sections.map((one) => (
            <Link
              key={one.id}
              to={base}
              params={{ section: one.id }}
              className="flex items-center gap-3 rounded-2xl px-3 py-3 transition-colors hover:bg-sunken aria-[current=page]:bg-sunken"
            >
              <one.icon className="size-5.5 shrink-0 text-ink-2" aria-hidden="true" />
              <span className="min-w-0 flex-1">
                <span className="block text-sm leading-5 font-semibold">{one.label}</span>
                <span className="block truncate text-xs text-ink-3">{one.detail}</span>
              </span>
              <ChevronRight className="size-4 text-ink-3 lg:hidden" aria-hidden="true" />
            </Link>
          ))}
        </nav>
        <div className="min-w-0 flex-1 px-4 pb-16 sm:px-0">{children}</div>
      </div>
    </div>
  );
}

export function Panel({
  title,
  intro,
  children,
  action,
}: {
  title: string;
  intro?: ReactNode;
  children?: ReactNode;
  action?: ReactNode;
}) {
  return (
    <section className="mb-4 rounded-2xl border border-line bg-surface p-5 sm:p-6">
      <div className="flex items-start justify-between gap-4">
        <div>
          <h2 className="text-lg leading-6 font-bold">{title}</h2>
          {intro !== undefined && <p className="mt-1 text-sm text-ink-2">{intro}</p>}
        </div>
        {action}
      </div>
      {children !== undefined && <div className="mt-5">{children}</div>}
    </section>
  );
}
