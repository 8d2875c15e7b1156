# Run as: make-buckets "NAMES" WEED shell …; makes the buckets that are missing, and is safe to run again.
set -eu
names=$1
shift
there=$(echo s3.bucket.list | "$@" 2>&1)
for name in $names; do
    # The list has one line a bucket: two spaces, its name, a tab.
    echo "$there" | grep -q "^ *$name[[:space:]]" || echo "s3.bucket.create -name $name" | "$@"
    echo "fs.configure -locationPrefix=/buckets/$name/ -fsync -apply" | "$@" > /dev/null
done
