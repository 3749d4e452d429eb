import { useQuery } from "@tanstack/react-query";

import { Failed } from "../parts/empty.tsx";
import { Choices, Tick } from "../parts/field.tsx";
import { RowSkeleton } from "../parts/skeleton.tsx";
import { Panel } from "../people/sections.tsx";
import { sorry } from "../shell/toasts.ts";
import { preferences, setPreferences, StatusForm } from "./status-form.tsx";

/** What others see of one in chats, and who may begin one. */
export function ChatSettings() {
  const asked = useQuery(preferences);
  const set = (body: Parameters<typeof setPreferences>[0]) => void setPreferences(body).catch(sorry);
  return (
    <>
      <Panel title="Your status" intro="It stands beside your name, and goes by itself when you say until when.">
        <StatusForm />
      </Panel>
      <Panel title="What others see">
        {asked.isPending ? (
          <RowSkeleton />
        ) : asked.isError ? (
          <Failed error={asked.error} retry={() => void asked.refetch()} />
        ) : (
          <div className="flex flex-col gap-2">
            <Tick
              label="Whether I am here"
              detail="Without it you are shown as not here."
              checked={asked.data.presence}
              onChange={({ target }) => set({ presence: target.checked })}
            />
            <Tick
              label="What has reached me and how far I have read"
              detail="Who does not tell it does not see it of others."
              checked={asked.data.receipts}
              onChange={({ target }) => set({ receipts: target.checked })}
            />
          </div>
        )}
      </Panel>
      {asked.data && (
        <Panel title="Who may write to you">
          <Choices
            label="Begin a chat with me"
            value={asked.data.direct_from}
            choices={[
              { value: "everyone", label: "Everybody", detail: "Whom you block cannot." },
              { value: "followed", label: "Those whom I follow", detail: "Chats that there are go on." },
            ]}
            onChange={(direct_from) => set({ direct_from })}
          />
        </Panel>
      )}
    </>
  );
}
