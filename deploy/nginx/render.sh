#!/bin/sh
# Writes the configuration of an edge into a folder: edge.conf for nginx's `http` block, and what it includes.
#
#   FOLKHUS_HOUSE=10.0.0.5:4000 FOLKHUS_NAME=media.example.org ./render.sh /etc/nginx/folkhus
set -eu
to="${1:?give the folder to write to}"
here="$(cd "$(dirname "$0")" && pwd)"
mkdir -p "$to"
to="$(cd "$to" && pwd)"

house="${FOLKHUS_HOUSE:-127.0.0.1:4000}"
name="${FOLKHUS_NAME:-_}"
listen="${FOLKHUS_LISTEN:-listen 80; listen [::]:80;}"
cache="${FOLKHUS_CACHE:-/var/cache/nginx/folkhus}"
size="${FOLKHUS_CACHE_SIZE:-20g}"
connections="${FOLKHUS_CONNECTIONS:-256}"
log="${FOLKHUS_LOG:-/var/log/nginx/folkhus-edge.log}"
for value in "$house" "$name" "$listen" "$cache" "$size" "$connections" "$log" "$to"; do
  case "$value" in
    *'|'* | *'&'* | *'\'* | *'
'*) echo "a setting holds |, & or \\ or a line's end: $value" >&2; exit 2 ;;
  esac
done
for part in edge media ask; do
  sed -e "s|\${FOLKHUS_HOUSE}|$house|g" -e "s|\${FOLKHUS_NAME}|$name|g" -e "s|\${FOLKHUS_LISTEN}|$listen|g" \
    -e "s|\${FOLKHUS_CACHE}|$cache|g" -e "s|\${FOLKHUS_CACHE_SIZE}|$size|g" -e "s|\${FOLKHUS_LOG}|$log|g" \
    -e "s|\${FOLKHUS_CONNECTIONS}|$connections|g" -e "s|\${FOLKHUS_INCLUDES}/folkhus-|$to/|g" "$here/$part.conf.template" >"$to/$part.conf"
done
