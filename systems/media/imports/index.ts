import type { BodyOf } from "#kernel/contract.ts";
import type { PersonId, UploadId } from "#kernel/ids.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { Api } from "#ports/http/index.ts";
import type { Jobs } from "#ports/jobs/index.ts";
import { checkedUrl } from "#ports/outside/index.ts";
import type { Sql } from "#ports/sql/index.ts";

import { VIDEO_TYPES } from "../contract.ts";
import { kindOf } from "../uploads/admission.ts";
import { becomesOf, nameIn, typeOf } from "../uploads/becomes.ts";
import type { Uploads } from "../uploads/index.ts";
import type { Videos } from "../videos/index.ts";
import { importUpload } from "./contract.ts";
import { IMPORT_UPLOAD } from "./fetch.ts";
import * as store from "./store.ts";

export interface ImportsNeeds {
  sql: Sql;
  jobs: Jobs;
  clock: Clock;
  uploads: Uploads;
  videos: Pick<Videos, "check">;
}

/** Files that are fetched from an address that somebody gives. The address is looked at here and again, for real, by the job. */
export function serveImports(api: Api, needs: ImportsNeeds): void {
  api.serve(importUpload, async ({ viewer, body }) => ({
    status: 202,
    body: { id: await begin(viewer.person_id, body), status: "importing" as const },
  }));

  type Asked = BodyOf<typeof importUpload>;

  async function begin(owner_id: PersonId, { url, filename, ...said }: Asked): Promise<UploadId> {
    const { href } = checkedUrl(url);
    const name = filename ?? nameIn(href);
    // A guess by the name, until the other side says what it is.
    const media_type = typeOf(null, name) || VIDEO_TYPES[0];
    const becomes = becomesOf(said, kindOf(media_type), name);
    if (becomes) await needs.videos.check(owner_id, becomes);
    const upload = await needs.uploads.open(
      owner_id,
      { filename: name, size_bytes: null, media_type },
      { door: "import", state: "importing", becomes, space_id: becomes?.space_id ?? null, source_url: href },
    );
    await needs.sql.tx(async (tx) => {
      const job_id = await needs.jobs.enqueue(tx, IMPORT_UPLOAD, { upload_id: upload.id }, { tenant: owner_id });
      await store.setJob(tx, upload.id, job_id);
    });
    return upload.id;
  }
}
