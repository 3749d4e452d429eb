import { useState } from "react";

import { sorry } from "../shell/toasts.ts";

export interface FilmOnItsWay {
  name: string;
  /** Of its bytes, 0 to 1. */
  share: number;
  /** Once the house has it. */
  id: string | null;
  cancel: () => void;
}

/** One film on its way into a message; another one takes its place. */
export function useFilmUpload() {
  const [now, set] = useState<FilmOnItsWay | null>(null);
  const add = (file: File) => {
    now?.cancel();
    let gone = false;
    const drop = () => {
      gone = true;
      set(null);
    };
    set({ name: file.name, share: 0, id: null, cancel: drop });
    const begin = async () => {
      const { uploadFilm } = await import("../media/upload-film.ts");
      if (gone) return;
      const upload = uploadFilm(file, (share) => set((film) => (film && !gone ? { ...film, share } : film)));
      const cancel = () => {
        drop();
        upload.cancel().catch(sorry);
      };
      set((film) => film && { ...film, cancel });
      const id = await upload.done;
      if (!gone) set(id === null ? null : { name: file.name, share: 1, id, cancel });
    };
    begin().catch((error: unknown) => {
      if (gone) return;
      drop();
      sorry(error);
    });
  };
  return { now, add, sent: () => set(null) };
}
