import { TabLinks } from "../../parts/tab-links.tsx";

/** The rooms of the studio. */
export const StudioTabs = ({ on }: { on: "films" | "numbers" | "storage" }) => (
  <TabLinks
    label="Studio"
    tabs={[
      { to: "/studio", label: "Films", on: on === "films" },
      { to: "/studio/numbers", label: "Numbers", on: on === "numbers" },
      { to: "/studio/storage", label: "Storage", on: on === "storage" },
    ]}
  />
);
