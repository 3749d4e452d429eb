/** Where the bucket is and who we are there. */
export interface S3Place {
  /** `https://s3.eu-north-1.amazonaws.com` */
  endpoint: string;
  bucket: string;
  region: string;
  access_key_id: string;
  secret_access_key: string;
  /** Before every name, ends in `/`; "" where the bucket is ours alone. */
  key_prefix: string;
  /** `path`: the bucket is the first part of the path. `host`: it is the first part of the host's name. */
  style: "path" | "host";
  /** Where public names can be fetched without a signature: a CDN or the bucket itself. Ends without `/`. */
  public_url: string | null;
}

/**
 * Reads `S3_URL`:
 *
 *     s3://KEY:SECRET@HOST[:PORT]/BUCKET[/FOLDER][?region=…&tls=0&style=host&public_url=https://…]
 *
 * Key and secret are percent-encoded (a `/` in a secret is `%2F`). Where nothing is said the region is `us-east-1`, TLS is
 * on and the style is `path`. `public_url` is what comes before `public/…` in the address of a public blob.
 * @throws RangeError with a sentence for whoever wrote the variable; it never repeats the secret
 */
export function parseS3Url(text: string): S3Place {
  const refuse = (why: string) =>
    new RangeError(
      `S3_URL ${why}. Its form is s3://KEY:SECRET@HOST/BUCKET?region=…, with KEY and SECRET percent-encoded.`,
    );
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || url.protocol !== "s3:" || url.host === "") throw refuse("is not an s3:// address");
  if (url.username === "" || url.password === "") throw refuse("has no key or no secret");
  const [bucket = "", ...folder] = url.pathname
    .slice(1)
    .split("/")
    .filter((part) => part !== "");
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket)) throw refuse("has no bucket, or not one that S3 could have");
  if (!folder.every((part) => /^[a-z0-9][a-z0-9._-]*$/.test(part)))
    throw refuse("has a folder that is not plain lower case");
  const given = Object.fromEntries(url.searchParams);
  const { region = "us-east-1", tls = "1", style = "path", public_url = null, ...unknown } = given;
  for (const key of Object.keys(unknown)) throw refuse(`has an option "${key}" that does not exist`);
  if (!/^[a-z0-9-]{1,40}$/.test(region)) throw refuse("has a region that is none");
  if (tls !== "0" && tls !== "1") throw refuse("has a tls that is neither 0 nor 1");
  if (style !== "path" && style !== "host") throw refuse("has a style that is neither path nor host");
  if (public_url !== null && !/^https?:\/\/[^?#]+$/.test(public_url))
    throw refuse("has a public_url that is no address");
  return {
    endpoint: `${tls === "1" ? "https" : "http"}://${url.host}`,
    bucket,
    region,
    access_key_id: decodeURIComponent(url.username),
    secret_access_key: decodeURIComponent(url.password),
    key_prefix: folder.map((part) => `${part}/`).join(""),
    style,
    public_url: public_url?.replace(/\/+$/, "") ?? null,
  };
}
