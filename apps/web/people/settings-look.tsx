import { MoonStar, Sun, SunMoon } from "lucide-react";

import { Choices } from "../parts/field.tsx";
import { setMotion, setTheme, useMotion, useTheme } from "../shell/theme.ts";
import { Panel } from "./sections.tsx";

export function LookSettings() {
  const theme = useTheme();
  const motion = useMotion();
  return (
    <Panel title="Look" intro="Kept in this browser.">
      <div className="space-y-6">
        <Choices
          label="Light"
          value={theme}
          onChange={setTheme}
          choices={[
            {
              value: "system",
              label: "As the system",
              icon: <SunMoon />,
              detail: "Follows the day and night of your device.",
            },
            { value: "light", label: "Light", icon: <Sun />, detail: "Birch wood by day." },
            { value: "dark", label: "Dark", icon: <MoonStar />, detail: "The house in the evening." },
          ]}
        />
        <Choices
          label="Motion"
          value={motion}
          onChange={setMotion}
          choices={[
            { value: "system", label: "As the system", detail: "Things move a little, to show where they come from." },
            { value: "still", label: "Still", detail: "Nothing moves, and no video plays by itself." },
          ]}
        />
      </div>
    </Panel>
  );
}
