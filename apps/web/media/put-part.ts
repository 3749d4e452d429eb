import { Away } from "../client.ts";
import { PartRefused } from "./uploader.ts";

/** PUTs one part to storage. `XMLHttpRequest`, since `fetch` does not tell how far an upload is. */
export function putPart(url: string, part: Blob, sent: (bytes: number) => void, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const stop = () => request.abort();
    const done = (settle: () => void) => {
      signal.removeEventListener("abort", stop);
      settle();
    };
    request.open("PUT", url);
    request.upload.onprogress = (event) => sent(event.loaded);
    request.onload = () =>
      done(() => {
        const etag = request.getResponseHeader("etag");
        if (request.status === 200 && etag) resolve(etag);
        else reject(new PartRefused(request.status));
      });
    request.onerror = () => done(() => reject(new Away()));
    request.onabort = () => done(() => reject(signal.reason instanceof Error ? signal.reason : new Away()));
    signal.addEventListener("abort", stop);
    if (signal.aborted) stop();
    else request.send(part);
  });
}
