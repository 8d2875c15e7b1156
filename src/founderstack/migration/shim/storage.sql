-- What policies on stored objects ask about a name and about the operation. Safe to run again.
CREATE SCHEMA IF NOT EXISTS storage;

CREATE OR REPLACE FUNCTION storage.foldername(name text) RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
    SELECT parts[1:pg_catalog.cardinality(parts) - 1] FROM (SELECT pg_catalog.string_to_array(name, '/') AS parts) AS path
$$;

CREATE OR REPLACE FUNCTION storage.filename(name text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT parts[pg_catalog.cardinality(parts)] FROM (SELECT pg_catalog.string_to_array(name, '/') AS parts) AS path
$$;

CREATE OR REPLACE FUNCTION storage.extension(name text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT pg_catalog.reverse(pg_catalog.split_part(pg_catalog.reverse(storage.filename(name)), '.', 1))
$$;

CREATE OR REPLACE FUNCTION storage.operation() RETURNS text LANGUAGE sql STABLE AS $$
    SELECT pg_catalog.current_setting('storage.operation', true)
$$;

-- Both spellings of an operation are the same one: with and without “storage.” before it.
CREATE OR REPLACE FUNCTION storage.allow_any_operation(expected_operations text[]) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT coalesce(pg_catalog.bool_or(
        pg_catalog.regexp_replace(wanted, '^storage\.', '') OPERATOR(pg_catalog.=)
        pg_catalog.regexp_replace(storage.operation(), '^storage\.', '')
    ), false)
    FROM pg_catalog.unnest(expected_operations) AS wanted WHERE wanted OPERATOR(pg_catalog.<>) ''
$$;

CREATE OR REPLACE FUNCTION storage.allow_only_operation(expected_operation text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT storage.allow_any_operation(ARRAY[expected_operation])
$$;
