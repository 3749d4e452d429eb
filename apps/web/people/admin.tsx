import { useParams } from "@tanstack/react-router";
import {
  Bot,
  DoorOpen,
  Gauge,
  Gavel,
  HardDrive,
  HeartPulse,
  House as HouseIcon,
  ScrollText,
  ShieldHalf,
  Timer,
  UsersRound,
  Waypoints,
  Workflow,
} from "lucide-react";
import { lazy, Suspense } from "react";

import { Empty } from "../parts/empty.tsx";
import { Skeleton } from "../parts/skeleton.tsx";
import { mayModerate } from "../shell/nav.tsx";
import { NeedMe } from "../shell/need-me.tsx";
import { AdminHealth } from "./admin-health.tsx";
import { AdminHouse } from "./admin-house.tsx";
import { AdminInvitations } from "./admin-invitations.tsx";
import { AdminPeople } from "./admin-people.tsx";
import { type Section, Sectioned } from "./sections.tsx";

const AdminStorage = lazy(() => import("../media/studio/admin-storage.tsx"));
const AdminQuality = lazy(() => import("../media/studio/admin-quality.tsx"));
const AdminTimelines = lazy(() => import("../feed/timelines/admin-timelines.tsx"));
const AdminRules = lazy(() => import("../moderation/admin-rules.tsx"));
const AdminAudit = lazy(() => import("../moderation/admin-audit.tsx"));
const AdminJobs = lazy(() => import("../jobs/admin-jobs.tsx"));
const AdminLimits = lazy(() => import("../limits/admin-limits.tsx"));
const AdminShields = lazy(() => import("../moderation/admin-shields.tsx"));
const Programs = lazy(async () => ({ default: (await import("../spaces/sheets.ts")).Programs }));
const ADMINS_ONLY: ReadonlySet<string> = new Set([
  "house",
  "timelines",
  "rules",
  "shields",
  "limits",
  "log",
  "programs",
  "storage",
  "quality",
  "jobs",
]);

const SECTIONS: readonly Section[] = [
  { id: "people", label: "People", detail: "Roles, suspensions, reset links", icon: UsersRound },
  { id: "invitations", label: "Invitations", detail: "Whom the door opens for", icon: DoorOpen },
  { id: "house", label: "The house", detail: "Its name, and who may sign up", icon: HouseIcon },
  { id: "rules", label: "Rules", detail: "What reports can name", icon: Gavel },
  { id: "shields", label: "Shields", detail: "What tightens by itself", icon: ShieldHalf },
  { id: "limits", label: "Limits", detail: "How much each may do", icon: Timer },
  { id: "log", label: "Log", detail: "Who did what, and why", icon: ScrollText },
  { id: "programs", label: "Programs", detail: "Bots and commands", icon: Bot },
  { id: "storage", label: "Storage", detail: "What media takes, and whose it is", icon: HardDrive },
  { id: "quality", label: "Playback", detail: "How well films play", icon: Gauge },
  { id: "timelines", label: "Timelines", detail: "How homes are made", icon: Waypoints },
  { id: "jobs", label: "Jobs", detail: "What works in the background", icon: Workflow },
  { id: "health", label: "Health", detail: "What works and what does not", icon: HeartPulse },
];

function Admin({ section }: { section: string | null }) {
  const shown = section ?? "people";
  return (
    <NeedMe>
      {(me) =>
        mayModerate(me) ? (
          <Sectioned
            title="Admin"
            base="/admin/$section"
            sections={SECTIONS.filter((one) => !ADMINS_ONLY.has(one.id) || me.role === "admin")}
            section={section}
          >
            <div className={section === null ? "max-lg:hidden" : ""}>
              {shown === "people" && <AdminPeople me={me} />}
              {shown === "invitations" && <AdminInvitations me={me} />}
              {shown === "house" && me.role === "admin" && <AdminHouse />}
              <Suspense fallback={<Skeleton className="h-80" />}>
                {shown === "rules" && me.role === "admin" && <AdminRules />}
                {shown === "shields" && me.role === "admin" && <AdminShields />}
                {shown === "limits" && me.role === "admin" && <AdminLimits />}
                {shown === "log" && me.role === "admin" && <AdminAudit />}
                {shown === "programs" && me.role === "admin" && <Programs slug={null} />}
                {shown === "storage" && me.role === "admin" && <AdminStorage />}
                {shown === "timelines" && me.role === "admin" && <AdminTimelines />}
                {shown === "quality" && me.role === "admin" && <AdminQuality />}
                {shown === "jobs" && me.role === "admin" && <AdminJobs />}
              </Suspense>
              {shown === "health" && <AdminHealth />}
            </div>
          </Sectioned>
        ) : (
          <Empty title="This is for those who run the house">Ask an admin if you think that you should be here.</Empty>
        )
      }
    </NeedMe>
  );
}

export const AdminIndex = () => <Admin section={null} />;

export function AdminScreen() {
  const { section } = useParams({ from: "/admin/$section" });
  return <Admin section={section} />;
}
