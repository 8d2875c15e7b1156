#!/bin/sh
# archive-wal PATH NAME [FOLDER COMMAND…]: PostgreSQL runs this in its data folder for each finished segment of its log
# of changes, keeps the segment until it ends with 0, and tries again otherwise.
path=$1 name=$2 folder=$3
least_free_percent=${ARCHIVE_LEAST_FREE_PERCENT:-10}

# Where nobody keeps segments, before the first backup, and after the chain broke until the next one: it belongs to none.
[ -n "$folder" ] && [ -e "$folder/wanted" ] || exit 0
shift 3

# A server that is asked to end waits for this program.
limit=120
case $(sed -n 8p postmaster.pid 2>/dev/null) in stopping*) limit=10 ;; esac
timeout -k 5 "$limit" "$@" "$path" && exit 0

# It waits here. Only when the disk gets full are segments let go, because then the server would stop.
set -- $(stat -f -c '%a %b' pg_wal/.)
[ $(($1 * 100)) -lt $(($2 * least_free_percent)) ] || exit 1
echo "archive-wal: less than $least_free_percent % of the disk is free, so $name and what follows is let go" >&2
# The segment was begun at most a minute before it was last written to: from then on moments cannot be reached.
since=$(($(stat -c %Y "$path") - 60))
echo "$since $name" > "$folder/broken.new" && mv "$folder/broken.new" "$folder/broken" && rm "$folder/wanted"
