import { useParams } from "@tanstack/react-router";
import {
  Ban,
  Bell,
  BookOpen,
  Eye,
  KeyRound,
  Laptop,
  MessagesSquare,
  PackageOpen,
  Scale,
  Sparkles,
  SunMoon,
  Ticket,
  UserRound,
} from "lucide-react";

import { ChatSettings } from "../chat/settings-chats.tsx";
import { AlongSettings } from "../feed/along/settings.tsx";
import { ForYouSettings } from "../feed/for-you/settings.tsx";
import { SeenSettings } from "../feed/settings-seen.tsx";
import { ReadingSettings } from "../feed/wishes/settings-reading.tsx";
import { Standing } from "../moderation/standing.tsx";
import { NotifySettingsPanels } from "../notify/settings-notify.tsx";
import { NeedMe } from "../shell/need-me.tsx";
import { type Section, Sectioned } from "./sections.tsx";
import { AccountSettings } from "./settings-account.tsx";
import { LookSettings } from "./settings-look.tsx";
import { ProfileSettings } from "./settings-profile.tsx";
import { SessionSettings } from "./settings-sessions.tsx";
import { SilenceSettings } from "./settings-silence.tsx";
import { TokenSettings } from "./settings-tokens.tsx";

const SECTIONS: readonly Section[] = [
  { id: "profile", label: "Profile", detail: "Name, picture, what you say of yourself", icon: UserRound },
  { id: "look", label: "Look", detail: "Light, dark, motion", icon: SunMoon },
  { id: "account", label: "Account", detail: "Password, passkeys, leaving", icon: KeyRound },
  { id: "notifications", label: "Notifications", detail: "What reaches you, where, and when not", icon: Bell },
  { id: "chats", label: "Chats", detail: "Your status, who sees you, who may write", icon: MessagesSquare },
  { id: "sessions", label: "Sessions", detail: "Where you are signed in", icon: Laptop },
  { id: "tokens", label: "Access tokens", detail: "For programs of your own", icon: Ticket },
  { id: "reading", label: "Reading", detail: "Muted words, sensitive media, where home opens", icon: BookOpen },
  { id: "seen", label: "Seen", detail: "What the house remembers of it", icon: Eye },
  { id: "for-you", label: "For you", detail: "What the house chooses, and whether", icon: Sparkles },
  { id: "standing", label: "Standing", detail: "Warnings, decisions, your reports", icon: Scale },
  { id: "silence", label: "Muted and blocked", detail: "Whom you do not hear", icon: Ban },
  { id: "along", label: "Take your things along", detail: "Archives out, lists and old posts in", icon: PackageOpen },
];

function Settings({ section }: { section: string | null }) {
  const shown = section ?? "profile";
  return (
    <NeedMe>
      {(me) => (
        <Sectioned title="Settings" base="/settings/$section" sections={SECTIONS} section={section}>
          <div className={section === null ? "max-lg:hidden" : ""}>
            {shown === "profile" && <ProfileSettings me={me} />}
            {shown === "look" && <LookSettings />}
            {shown === "account" && <AccountSettings />}
            {shown === "notifications" && <NotifySettingsPanels />}
            {shown === "chats" && <ChatSettings />}
            {shown === "sessions" && <SessionSettings />}
            {shown === "tokens" && <TokenSettings />}
            {shown === "reading" && <ReadingSettings />}
            {shown === "seen" && <SeenSettings />}
            {shown === "for-you" && <ForYouSettings me={me} />}
            {shown === "standing" && <Standing />}
            {shown === "silence" && <SilenceSettings />}
            {shown === "along" && <AlongSettings />}
          </div>
        </Sectioned>
      )}
    </NeedMe>
  );
}

export const SettingsIndex = () => <Settings section={null} />;

export function SettingsScreen() {
  const { section } = useParams({ from: "/settings/$section" });
  return <Settings section={section} />;
}
