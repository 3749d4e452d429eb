#!/bin/sh
# How much of what was asked for came from the edge's cache, by kind, from the edge's own log.
#
#   ./hit-ratio.sh [/var/log/nginx/folkhus-edge.log]        tail -n 100000 … | ./hit-ratio.sh -
set -eu
log="${1:-/var/log/nginx/folkhus-edge.log}"
if [ "$log" != "-" ] && [ ! -r "$log" ]; then
  echo "cannot read $log" >&2
  exit 2
fi
[ "$log" = "-" ] && log=/dev/stdin
awk '
function text(key,   at, rest) {
  at = index($0, "\"" key "\":\"")
  if (at == 0) return ""
  rest = substr($0, at + length(key) + 4)
  return substr(rest, 1, index(rest, "\"") - 1)
}
function number(key,   at) {
  at = index($0, "\"" key "\":")
  return at == 0 ? 0 : substr($0, at + length(key) + 3) + 0
}
{
  status = number("status"); cache = text("cache"); kind = text("kind"); bytes = number("bytes")
  if (status >= 400) { refused[kind]++; refused["all"]++; kinds[kind] = 1; next }
  if (cache == "") next
  hit = cache != "MISS" && cache != "EXPIRED" && cache != "BYPASS"
  kinds[kind] = 1
  for (i = 1; i <= 2; i++) {
    k = i == 1 ? kind : "all"
    asked[k]++; sent[k] += bytes
    if (hit) { hits[k]++; kept[k] += bytes }
  }
}
function row(k) {
  printf "%-9s %10d %10d %8.2f %% %12.1f %8.2f %% %9d\n", k, asked[k], hits[k],
    asked[k] ? 100 * hits[k] / asked[k] : 0, sent[k] / 1e6, sent[k] ? 100 * kept[k] / sent[k] : 0, refused[k]
}
END {
  printf "%-9s %10s %10s %10s %12s %10s %9s\n", "kind", "served", "hits", "hit ratio", "MB", "of bytes", "refused"
  for (k in kinds) row(k)
  row("all")
}' "$log"
