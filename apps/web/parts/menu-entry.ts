import type { ReactNode } from "react";

export type MenuEntry =
  | "line"
  | {
      label: string;
      detail?: string;
      icon?: ReactNode;
      keys?: string;
      danger?: boolean;
      disabled?: boolean;
      /** Given, the entry is one that is on or off. */
      checked?: boolean;
      run: () => void;
    };
