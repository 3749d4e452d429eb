import { LRUCache } from "lru-cache";

import { notFound, Problem } from "#kernel/errors.ts";

import { BOUND_KEPT_MAX, DOWNLOAD_AS_CHARS_MAX, PART_BYTES_MAX, PARTS_MAX } from "./bounds.ts";
import { checkName, checkPrefix, isName, PUBLIC_PREFIX } from "./names.ts";
import { bindSignature, type Grant, type Signer } from "./signing.ts";

/**
 * The forms of an address below the base path (`/blobs`):
 *
 *     /blobs/public/<rest of name>                            no signature, for ever
 *     /blobs/o/<expires>.<mac>/<name>[?as=<file name>]        one blob
 *     /blobs/s/<expires>.<segments>.<mac>/<prefix…>/<file>    all below a prefix of so many segments
 *     /blobs/parts/<expires>.<bytes>.<mac>/<upload>/<number>  PUT of one part
 *
 * Bound to a holder, `o` and `s` have `<holder>.<another mac>` where the mac is.
 */
export interface Urls {
  public(name: string): string;
  one(name: string, expires_at_ms: number, download_as?: string): string;
  prefix(prefix: string, expires_at_ms: number): string;
  part(multipart_id: string, part_number: number, size_bytes: number, expires_at_ms: number): string;
  /**
   * What a request may have. Looks at nothing but the address.
   * @param target path and query as they were sent: a name needs no escapes, so what has any is none (404)
   * @throws Problem 403 or 404
   */
  read(target: string, now_ms: number): Access;
}

export type Access =
  | {
      kind: "blob";
      name: string;
      public: boolean;
      expires_at_ms: number | null;
      download_as: string | null;
      /** Whom the address was given to, where it says so. */
      holder: string | null;
    }
  | { kind: "part"; multipart_id: string; part_number: number; size_bytes: number };

export function createUrls(base_path: string, signer: Signer): Urls {
  const at = (...parts: (string | number)[]) => `${base_path}/${parts.join("/")}`;
  return {
    public(name) {
      if (!checkName(name).startsWith(PUBLIC_PREFIX)) throw new RangeError(`not a public name: ${name}`);
      return at(name);
    },
    one(name, expires_at_ms, download_as) {
      const as = download_as === undefined ? null : plainFileName(download_as);
      const grant: Grant = {
        kind: "one",
        name: checkName(name),
        download_as: as,
        expires_at_ms: Math.floor(expires_at_ms),
      };
      const query = as === null ? "" : `?as=${encodeURIComponent(as)}`;
      return at("o", `${grant.expires_at_ms}.${signer.sign(grant)}`, name) + query;
    },
    prefix(prefix, expires_at_ms) {
      const grant: Grant = { kind: "prefix", prefix: checkPrefix(prefix), expires_at_ms: Math.floor(expires_at_ms) };
      const segments = prefix.split("/").length - 1;
      return at("s", `${grant.expires_at_ms}.${segments}.${signer.sign(grant)}`, prefix);
    },
    part(multipart_id, part_number, size_bytes, expires_at_ms) {
      const grant: Grant = {
        kind: "part",
        multipart_id,
        part_number,
        size_bytes,
        expires_at_ms: Math.floor(expires_at_ms),
      };
      return at("parts", `${grant.expires_at_ms}.${size_bytes}.${signer.sign(grant)}`, multipart_id, part_number);
    },
    read(target, now_ms) {
      if (!target.startsWith(base_path) || target[base_path.length] !== "/") throw notFound("blob");
      const query = target.indexOf("?");
      const path = target.slice(base_path.length + 1, query < 0 ? undefined : query);
      if (path.startsWith(PUBLIC_PREFIX)) {
        if (!isName(path)) throw notFound("blob");
        return { kind: "blob", name: path, public: true, expires_at_ms: null, download_as: null, holder: null };
      }
      const [form, token, ...rest] = path.split("/");
      const fields = (token ?? "").split(".");
      const expires_at_ms = wholeNumber(fields[0]);
      const signature = fields.at(-1) ?? "";
      const bare = form === "o" ? 2 : 3;
      const holder = fields.length === bare + 1 ? (fields.at(-2) ?? "") : null;
      if (form === "o" && (fields.length === 2 || holder !== null)) {
        const name = rest.join("/");
        if (!isName(name)) throw notFound("blob");
        const download_as = query < 0 ? null : new URLSearchParams(target.slice(query)).get("as");
        signer.verify({ kind: "one", name, download_as, expires_at_ms }, signature, holder, now_ms);
        return { kind: "blob", name, public: false, expires_at_ms, download_as, holder };
      }
      if (form === "s" && (fields.length === 3 || holder !== null)) {
        const name = rest.join("/");
        const segments = wholeNumber(fields[1]);
        if (!isName(name) || segments < 1 || segments >= rest.length) throw notFound("blob");
        const prefix = `${rest.slice(0, segments).join("/")}/`;
        signer.verify({ kind: "prefix", prefix, expires_at_ms }, signature, holder, now_ms);
        return { kind: "blob", name, public: false, expires_at_ms, download_as: null, holder };
      }
      if (form === "parts" && fields.length === 3 && rest.length === 2) {
        const multipart_id = rest[0] ?? "";
        const part_number = wholeNumber(rest[1]);
        const size_bytes = wholeNumber(fields[1]);
        signer.verify({ kind: "part", multipart_id, part_number, size_bytes, expires_at_ms }, signature, null, now_ms);
        return { kind: "part", multipart_id, part_number, size_bytes };
      }
      throw notFound("blob");
    },
  };
}

const HOLDER = /^[A-Za-z0-9_-]{1,64}$/;

/**
 * Binds every signed address in a text (an answer of the API, say) to whoever it is for. Addresses that are bound already
 * or were never signed by us stay what they are: good for the one they name, or for nothing.
 */
export function createBinding(base_path: string): (text: string, holder: string) => string {
  const signed = new RegExp(
    `(${RegExp.escape(base_path)}/(?:o/\\d{1,16}|s/\\d{1,16}\\.\\d{1,2}))\\.([\\w-]{43})(?=/)`,
    "g",
  );
  const kept = new LRUCache<string, string>({ max: BOUND_KEPT_MAX });
  const bound = (signature: string, holder: string) => {
    const key = signature + holder;
    const known = kept.get(key);
    if (known !== undefined) return known;
    const made = bindSignature(signature, holder);
    kept.set(key, made);
    return made;
  };
  return (text, holder) => {
    if (!HOLDER.test(holder)) throw new RangeError(`not a holder of addresses: ${JSON.stringify(holder.slice(0, 80))}`);
    if (!text.includes(`${base_path}/`)) return text;
    return text.replace(
      signed,
      (_, before: string, signature: string) => `${before}.${holder}.${bound(signature, holder)}`,
    );
  };
}

/** Path and query of a request's URL, without parsing it: this runs for every segment that is played. */
export function targetOf(url: string): string {
  const from = url.indexOf("/", url.indexOf("//") + 2);
  return from < 0 ? "/" : url.slice(from);
}

/** −1 for anything but plain digits; no signature was ever made over that. */
const wholeNumber = (text: string | undefined): number =>
  /^(?:0|[1-9][0-9]{0,15})$/.test(text ?? "") ? Number(text) : -1;

/** A person's name for a file, fit for a header: one line, no path, no quotes. */
function plainFileName(name: string): string {
  const plain = name
    .toWellFormed()
    .replace(/[\p{Cc}\p{Cf}"\\/]+/gu, "_")
    .trim();
  return [...plain].slice(0, DOWNLOAD_AS_CHARS_MAX).join("") || "file";
}

/** @throws Problem 422 `upload.part` for numbers that no upload can have */
export function checkPart(part_number: number, size_bytes: number, part_size_bytes: number | null): void {
  if (!Number.isInteger(part_number) || part_number < 1 || part_number > PARTS_MAX) {
    throw new Problem(422, "upload.part", `Part numbers go from 1 to ${PARTS_MAX}.`);
  }
  const most = Math.min(part_size_bytes ?? PART_BYTES_MAX, PART_BYTES_MAX);
  if (!Number.isInteger(size_bytes) || size_bytes < 1 || size_bytes > most) {
    throw new Problem(422, "upload.part", `A part of this upload has from 1 to ${most} bytes.`);
  }
}
