/** What a program's author must know before the first call; it opens `/docs` and stands in `/openapi.json`. Markdown of paragraphs, `code` and fences. */
export const API_GUIDE = `Whatever the page does, a call here does. Bodies and answers are JSON; send \`content-type: application/json\`.

**Signing in.** Send \`Authorization: Bearer …\` with the \`token\` of \`POST /v1/sessions\`, or with a personal access token that lasts and has scopes (\`POST /v1/tokens\`). A browser may send the session cookie instead; then a call that changes something must come from the house's own page. Keep a token: signing in is throttled.

\`\`\`sh
house=http://localhost:4000
json='content-type: application/json'
curl -s $house/v1/sessions -H "$json" -d '{"handle":"astrid","password":"a long enough sentence"}'   # → {"token": …, "person": …}
curl -s $house/v1/posts -H "authorization: Bearer $token" -H "$json" -d '{"text":"Hello","audience":"public"}'
curl -s "$house/v1/feeds/home?limit=20" -H "authorization: Bearer $token"                            # → {"items": […], "next_cursor": …}
\`\`\`

**Names and addresses.** An id is a string of digits, too long for a number. An address in an answer (\`url\`, \`hls_url\`, \`poster_url\`) may be relative: resolve it against the house's own. Media addresses are signed and end; ask for the video, picture or part again to get new ones. They need no token.

**A video, from a file.** \`POST /v1/uploads\` says how many parts of which size; \`POST /v1/uploads/{upload_id}/parts\` gives an address for each; \`PUT\` the bytes of each part to its address, in any order and at once, and keep the \`ETag\` of each answer as it came; \`POST /v1/uploads/{upload_id}/complete\`; then \`POST /v1/videos\`, and \`GET /v1/videos/{video_id}\` until its \`status\` is \`ready\` or \`failed\`. \`hls_url\` is there earlier, as soon as anything plays. A post may name the video at once. After a break, \`GET /v1/uploads/{upload_id}\` tells which parts arrived. A picture is the same with \`POST /v1/images\`.

\`\`\`sh
auth="authorization: Bearer $token"
size=$(wc -c < film.mp4)
upload=$(curl -s $house/v1/uploads -H "$auth" -H "$json" -d "{\\"filename\\":\\"film.mp4\\",\\"size_bytes\\":$size,\\"media_type\\":\\"video/mp4\\"}")
id=$(jq -r .id <<< "$upload"); part=$(jq .part_size_bytes <<< "$upload"); count=$(jq .part_count <<< "$upload")
parts=$(for n in $(seq $count); do
  url=$(curl -s $house/v1/uploads/$id/parts -H "$auth" -H "$json" -d "{\\"part_numbers\\":[$n]}" | jq -r '.parts[0].url')
  etag=$(tail -c +$(((n - 1) * part + 1)) film.mp4 | head -c $part | curl -s -X PUT -H 'content-type:' --data-binary @- -D - -o /dev/null "$house$url" | tr -d '\\r' | sed -n 's/^etag: //Ip')
  jq -n --argjson n $n --arg etag "$etag" '{part_number: $n, etag: $etag}'
done | jq -s .)
curl -s $house/v1/uploads/$id/complete -H "$auth" -H "$json" -d "{\\"parts\\":$parts}"
curl -s $house/v1/videos -H "$auth" -H "$json" -d "{\\"upload_id\\":\\"$id\\",\\"title\\":\\"A film\\",\\"audience\\":\\"public\\"}"
\`\`\`

**With a client that is written already.** \`/v1/tus\` takes tus 1.0 (tus-js-client, uppy, tuspy) with the same \`Authorization\` header; the metadata \`filename\`, \`filetype\`, and with \`title\` (and \`audience\`, \`space_id\`) the file becomes a video by itself, named by \`folkhus-video-id\` in the last answer. \`/v1/s3\` takes S3's protocol: the bucket is \`uploads\`, in path style, with the keys of \`POST /v1/tokens/{id}/s3_credentials\`; \`x-amz-meta-title\` and \`-audience\` do the same. \`POST /v1/uploads/import\` fetches from an address. A part that you \`PUT\` yourself may carry \`content-md5\` or \`x-amz-checksum-sha256\`: other bytes are refused.

\`\`\`ts
const s3 = new S3Client({ endpoint: house + "/v1/s3", region: "house", forcePathStyle: true, credentials: { accessKeyId, secretAccessKey } });
await new Upload({ client: s3, params: { Bucket: "uploads", Key: "film.mp4", Body: createReadStream("film.mp4"), Metadata: { title: "A film" } } }).done();
\`\`\`

**Lists** answer \`items\` and \`next_cursor\`; send it back as \`cursor\` until it is \`null\`. Nothing is missed or repeated while others write.

**Apps that speak Mastodon's client API** need no guide but the house's address: \`/api/v1\`, \`/api/v2\`, \`/oauth\` and \`/api/v1/streaming\` are as \`docs.joinmastodon.org\` has them, over the same rules and limits as here. A token that you made yourself works there too.

**Refusals** are \`application/problem+json\` (RFC 9457): go by \`status\` and \`code\`, show \`detail\`, quote \`request_id\`. Fields that a call does not know are refused, never ignored. On 429 and 503 wait for \`Retry-After\` seconds; the \`RateLimit\` headers tell what is left before that.

**Sending again.** Calls that change something take an \`Idempotency-Key\` of your own making: the same request under the same key answers what the first one did, and happens once.`;
